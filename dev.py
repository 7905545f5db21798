#!/usr/bin/env python3
"""Everything a developer does, in one word each; needs Python 3.11 and nothing else.

    python3 dev.py run      make the environment, install, run the main job (`gateway demo`)
    python3 dev.py test     the whole test suite
    python3 dev.py check    what CI runs: format, lint, types, floors, dependencies, tests
    python3 dev.py bench    the benchmarks, as tables

Words after the command go to the program behind it: `python3 dev.py test tests/unit/x12 -x`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
EXTRAS = {
    "run": "demo",
    "test": "demo,postgresql,dev",
    "check": "demo,postgresql,dev",
    "bench": "demo,postgresql,dev",
}
OLDEST = (3, 11)

# What the acceptance tests talk to for real: program, Debian package, what is skipped without it.
SERVERS = (
    (("/usr/sbin/sshd", "sshd"), "openssh-server", "tests against a real OpenSSH server"),
    (("/usr/bin/gpg", "gpg"), "gnupg", "tests of PGP with what gpg itself writes"),
    (("/usr/lib/postgresql", "postgres"), "postgresql", "tests of the store and the jobs on PostgreSQL"),
)


def say(text: str) -> None:
    """Print one line of our own, before anything a child process prints."""
    print(f"dev: {text}", file=sys.stderr, flush=True)


def run(*command: str | Path, quiet: bool = False) -> int:
    """Run a command in the repository's root and return its exit code."""
    words = [str(word) for word in command]
    if not quiet:
        say(" ".join(words).replace(str(ROOT) + os.sep, ""))
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode


def must(*command: str | Path) -> None:
    """Run a command and end with its exit code when it fails."""
    code = run(*command)
    if code:
        say(f"that failed with exit code {code}: the lines above say why")
        raise SystemExit(code)


def make_environment(command: str) -> None:
    """Make `.venv` and install the gateway with what `command` needs, unless that is done already."""
    extras = EXTRAS[command]
    wanted = f"{extras} {hashlib.sha256((ROOT / 'pyproject.toml').read_bytes()).hexdigest()}"
    stamp = VENV / f"installed-for-{'development' if 'dev' in extras else 'running'}"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    say("making the environment in .venv (once; a minute or so)")
    uv = shutil.which("uv")
    if not PYTHON.exists():
        if uv:
            must(uv, "venv", "--quiet", "--python", sys.executable, VENV)
        elif run(sys.executable, "-m", "venv", VENV):
            say("this Python cannot make environments; on Debian and Ubuntu: apt-get install python3-venv")
            raise SystemExit(2)
    if uv:
        must(uv, "pip", "install", "--quiet", "--python", PYTHON, "--editable", f".[{extras}]")
    else:
        must(
            PYTHON,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--editable",
            f".[{extras}]",
        )
    stamp.write_text(wanted)


def install_servers() -> None:
    """Install the real servers the tests use, where apt and the rights for it are here; else say what is skipped."""
    missing = [
        (package, skipped)
        for (path, program), package, skipped in SERVERS
        if not (Path(path).exists() or shutil.which(program))
    ]
    if not missing:
        return
    packages = [package for package, _ in missing]
    may_install = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")
    if may_install:
        say(f"installing {', '.join(packages)} with apt")
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        run("apt-get", "update", "-qq")
        if run("apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages) == 0:
            return
    for package, skipped in missing:
        say(f"SKIPPED: {skipped}: {package} is not installed and may not be installed from here")


def test(words: list[str]) -> int:
    """Run the test suite, on two processes unless the caller names tests or options."""
    install_servers()
    return run(PYTHON, "-m", "pytest", *(words or ["-n", "2", "-q"]))


def check(words: list[str]) -> int:
    """Run all that CI runs; every step runs even when an earlier one failed."""
    steps: list[tuple[str, list[str | Path]]] = [
        ("format", [BIN / "ruff", "format", "--check", "."]),
        ("lint", [BIN / "ruff", "check", "."]),
        ("types", [BIN / "mypy"]),
        ("floors", [BIN / "lint-imports"]),
        ("dependencies", [BIN / "deptry", "gateway"]),
    ]
    results = []
    for name, command in steps:
        results.append((name, *_timed(lambda command=command: run(*command))))
    results.append(("tests", *_timed(lambda: test(words))))
    for name, code, seconds in results:
        say(f"{name:<14}{'passed' if code == 0 else f'FAILED ({code})':<12}{seconds:7.1f} s")
    return max(code for _, code, _ in results)


def _timed(step: Callable[[], int]) -> tuple[int, float]:
    """Return the exit code of `step()` and how many seconds it took."""
    started = time.monotonic()
    return step(), time.monotonic() - started


def bench(words: list[str]) -> int:
    """Run every benchmark (or those named), one after the other."""
    found = sorted((ROOT / "tests" / "benchmarks").glob("bench_*.py"))
    chosen = [path for path in found if not words or any(word in path.name for word in words)]
    if not chosen:
        say(f"no benchmark is called like that; there are: {', '.join(path.stem for path in found)}")
        return 2
    return max(run(PYTHON, path) for path in chosen)


def main(words: list[str]) -> int:
    """Do what the first word says; return the exit code."""
    if sys.version_info < OLDEST:
        say(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}")
        return 2
    command, rest = (words[0], words[1:]) if words else ("", [])
    if command not in EXTRAS:
        print(__doc__)
        return 0 if command in {"", "help", "-h", "--help"} else 2
    make_environment(command)
    if command == "run":
        return run(PYTHON, "-m", "gateway", "demo", *rest, quiet=True)
    return {"test": test, "check": check, "bench": bench}[command](rest)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Checking and acknowledging beside pyx12: the same files, the same process, one after the other, in CPU seconds.

    python3 dev.py bench x12                        2,000 members
    … tests/benchmarks/bench_x12.py --members 20000  the size of the issue's targets (minutes, for pyx12's sake)
    … tests/benchmarks/bench_x12.py --million        memory over a million members too

Ratios hold from machine to machine; seconds do not.
"""

import argparse
import io
import logging
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyx12.params
import pyx12.x12n_document

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gateway.domain.exchange import DocumentKind, FunctionalGroup, Interchange
from gateway.x12.acknowledge import AckIdentity, GroupOutcome, SetOutcome
from gateway.x12.acknowledge_group import GroupAckWriter
from gateway.x12.check import GroupClosed, GroupOpened, InterchangeOpened, SetChecked, check
from gateway.x12.guide import GuideLibrary
from tests.benchmarks import generate_x12

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "mappings" / "guides"
FILES = (
    ("834-plain", 0.0, "100x"),
    ("834-varied", 0.0, "100x"),
    ("820-plain", 0.0, "100x"),
    ("820-varied", 0.0, "100x"),
    ("834-varied", 0.01, "60x"),
    ("820-varied", 0.01, "60x"),
    ("834-plain", 1.0, "8x"),
    ("834-varied", 1.0, "8x"),
    ("820-varied", 1.0, "8x"),
)
ROUNDS = 3


def run_ours(path: Path, guides: GuideLibrary) -> tuple[int, int]:
    """Check `path` and write its 999; return how many segments and findings it has."""
    segments = findings = 0
    interchange: Interchange | None = None
    group: FunctionalGroup | None = None
    writer: GroupAckWriter | None = None
    with path.open("rb") as stream:
        for event in check(stream, guides):
            if isinstance(event, InterchangeOpened):
                interchange = event.interchange
            elif isinstance(event, GroupOpened) and interchange:
                group = event.group
                identity = AckIdentity.answering(
                    interchange, group, instant=datetime.now(UTC), control_number="000000001"
                )
                writer = GroupAckWriter(DocumentKind.ACK_999, identity, io.BytesIO())
                writer.__enter__()
                writer.open(group)
            elif isinstance(event, SetChecked) and writer:
                writer.add(SetOutcome(event.set, event.ack, event.findings, event.findings_left_out))
                segments += event.set.segments
                findings += len(event.findings) + event.findings_left_out
            elif isinstance(event, GroupClosed) and writer and group:
                writer.close(GroupOutcome(group, event.ack, event.included, event.received, event.accepted))
                writer.__exit__(None, None, None)
    return segments, findings


def run_pyx12(path: Path) -> None:
    """Let pyx12 check `path` and write its 999."""
    with path.open(encoding="ascii") as stream:
        pyx12.x12n_document.x12n_document(pyx12.params.params(), stream, io.StringIO(), None)


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of this process for one call of `work`."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(kind: str, bad: float, aim: str, members: int, folder: Path) -> str:
    """Return one line of the table."""
    path = folder / f"{kind}-{bad}"
    with path.open("wb") as out:
        generate_x12.write(kind, members, out, bad=bad)
    guides = GuideLibrary(GUIDES)
    segments, findings = run_ours(path, guides)  # compiles what this file needs: the warm process is measured
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours += [cpu_seconds(lambda: run_ours(path, guides)) for _ in range(3)]
        theirs.append(cpu_seconds(lambda: run_pyx12(path)))
    best, peer = min(ours), min(theirs)
    rss = in_a_process("--rss", str(path))
    return (
        f"{kind:11} {bad:5.0%} {segments:10,} {findings:8,} {segments / peer:10,.0f} {segments / best:12,.0f}"
        f" {peer / best:7.0f}x {aim:>6} {int(rss):6} MiB"
    )


def in_a_process(*words: str) -> str:
    """Return what this program prints when it is run anew with `words`."""
    return subprocess.run([sys.executable, __file__, *words], check=True, capture_output=True, text=True).stdout


def print_small_files(folder: Path) -> None:
    """Print what a file of 20 members costs, cold with the start of the process, and warm."""
    path = folder / "small"
    with path.open("wb") as out:
        generate_x12.write("834-plain", 20, out)
    command = [sys.executable, "-m", "gateway", "validate", str(path)]
    cold = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        cold.append(time.perf_counter() - started)
    guides = GuideLibrary(GUIDES)
    run_ours(path, guides)
    warm = min(cpu_seconds(lambda: run_ours(path, guides)) for _ in range(20))
    peer = min(cpu_seconds(lambda: run_pyx12(path)) for _ in range(3))
    print(
        f"\n20 members: cold {min(cold):.3f} s for `gateway validate` with its start (aim 0.4),"
        f" checked and acknowledged warm {warm * 1000:.1f} ms (aim 5), pyx12 warm {peer * 1000:.0f} ms"
    )


def print_memory(folder: Path) -> None:
    """Print the peak memory of a check from 2,000 to 1,000,000 members, and with every member bad."""
    print("\npeak memory of one check in a process of its own")
    for members, bad in ((2_000, 0.0), (200_000, 0.0), (1_000_000, 0.0), (200_000, 1.0)):
        path = folder / "large"
        with path.open("wb") as out:
            generate_x12.write("834-plain", members, out, bad=bad)
        size = path.stat().st_size / 1e6
        print(f"{members:10,} members {bad:4.0%} bad {size:8.1f} MB {int(in_a_process('--rss', str(path))):6} MiB")
        path.unlink()


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=2_000)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--rss", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)  # it writes every bad value to stderr
    if asked.rss:
        run_ours(asked.rss, GuideLibrary(GUIDES))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    print(
        f"Python {platform.python_version()}, {platform.processor() or platform.machine()}, {asked.members:,} members"
    )
    titles = ("file", "bad", "segments", "findings", "pyx12/s", "gateway/s", "ratio", "aim", "peak")
    print("{:11} {:>5} {:>10} {:>8} {:>10} {:>12} {:>8} {:>6} {:>10}".format(*titles))
    with tempfile.TemporaryDirectory() as name:
        for kind, bad, aim in FILES:
            print(measure(kind, bad, aim, asked.members, Path(name)), flush=True)
        print_small_files(Path(name))
        if asked.million:
            print_memory(Path(name))


if __name__ == "__main__":
    main()

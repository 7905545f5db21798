"""What has changed in the partners' files since they were applied, and the applying of them, all at once (DESIGN 12).

The applied version is a copy under `.applied/`, named by its content; one small file says which copy counts, and is
replaced in one step. Where nothing was ever applied the files themselves count.
"""

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

APPLIED = ".applied"
_POINTER = "current"
_DIGEST_LENGTH = 16
_ABSENT = "-"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One setting, rate or file that is other than applied; `-` where there is none on that side."""

    partner_id: str
    file: str
    key: str
    before: str
    after: str

    def __str__(self) -> str:
        """Return the change as a line of a plan."""
        where = f"{self.partner_id}/{self.file}" + (f" {self.key}" if self.key else "")
        return f"{where}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Applied:
    """The version that counts: its name, who let it count, and when (ISO, UTC)."""

    version: str
    by: str
    at: str


def applied(home: Path) -> Applied | None:
    """Return which version counts, or None where nothing was ever applied."""
    pointer = home / APPLIED / _POINTER
    return Applied(**json.loads(pointer.read_text(encoding="utf-8"))) if pointer.is_file() else None


def applied_folder(home: Path) -> Path | None:
    """Return the partners' folder that counts, or None where nothing was ever applied."""
    counts = applied(home)
    return home / APPLIED / counts.version if counts else None


def digest_of_folder(folder: Path) -> str:
    """Return the name of a version: a hash of every file of the partners, and where it lies."""
    digest = hashlib.sha256()
    for path in _files(folder):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:_DIGEST_LENGTH]


def changes(before: Path | None, after: Path) -> list[Change]:
    """Return what differs between two folders of partners, setting by setting, in order of partner, file and key."""
    old, new = (_flat(folder) if folder is not None and folder.is_dir() else {} for folder in (before, after))
    found = []
    for place in old.keys() | new.keys():
        was, will_be = old.get(place, _ABSENT), new.get(place, _ABSENT)
        if was != will_be:
            found.append(Change(*place, was, will_be))
    return sorted(found)


def keep_version(home: Path, partners: Path) -> str:
    """Copy the partners' files under their version's name and return it; a version that is there is left as it is."""
    version = digest_of_folder(partners)
    target = home / APPLIED / version
    if not target.is_dir():
        making = home / APPLIED / f".{version}-{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for path in _files(partners):
            copy = making / path.relative_to(partners)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        making.rename(target)
    return version


def let_count(home: Path, which: Applied) -> None:
    """Let a kept version count from now on, in one step."""
    pointer = home / APPLIED / _POINTER
    following = pointer.with_suffix(".new")
    following.write_text(json.dumps(asdict(which)) + "\n", encoding="utf-8")
    following.replace(pointer)


def _files(folder: Path) -> list[Path]:
    """Return every file of the partners below `folder`, in order; hidden folders are no partners."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    )


def _flat(folder: Path) -> dict[tuple[str, str, str], str]:
    """Return each setting, rate and file below `folder` by partner, file and key."""
    found: dict[tuple[str, str, str], str] = {}
    for path in _files(folder):
        partner_id, _, name = path.relative_to(folder).as_posix().partition("/")
        if not name:
            continue  # a README beside the partners
        for key, value in _settings(path):
            found[partner_id, name, key] = value
    return found


def _settings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield key and value of what a file says: TOML by setting, a table by its rows, anything else by its hash."""
    content = path.read_bytes()
    if path.suffix == ".toml":
        try:
            yield from _leaves("", tomllib.loads(content.decode()))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            yield "", f"cannot be read ({hashlib.sha256(content).hexdigest()[:8]})"
    elif path.suffix == ".csv":
        for line in content.decode(errors="replace").splitlines():
            yield line, "there"
    else:
        yield "", hashlib.sha256(content).hexdigest()[:8]


def _leaves(key: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield every single setting below a value with its dotted key; entries of a list of tables count from 1."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}" if key else str(name), inner)
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for number, inner in enumerate(value, start=1):
            yield from _leaves(f"{key}[{number}]", inner)
    else:
        yield key, _shown(value)


def _shown(value: object) -> str:
    """Return a value as TOML would write it, roughly."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case list():
            return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)

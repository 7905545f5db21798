"""What every archive does: bytes are kept whole, once, unchanged, and never outside their place."""

import fcntl
import hashlib
import os
import resource
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gateway.errors import ArchiveError, ConfigurationError, InvariantBroken, KeptBytesDiffer
from gateway.ports.archive import Kept
from gateway.transport.archive import FolderArchive
from gateway.transport.vault import Vault

MONDAY = date(2026, 3, 2)
CONTENT = b"ISA*00*~"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PLACE = f"inbound/acme/2026-03-02/{SHA256}"


KEY = Fernet.generate_key().decode()


@pytest.fixture(params=["in clear", "sealed"])
def archive(request, tmp_path) -> FolderArchive:
    return FolderArchive(tmp_path, Vault([KEY]) if request.param == "sealed" else None)


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_kept_bytes_are_named_by_side_partner_day_and_hash(archive, tmp_path):
    assert Kept(PLACE, SHA256, 8) == archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    assert {PLACE} == files(tmp_path)


def test_what_is_written_in_pieces_is_kept_as_a_whole(archive):
    with archive.incoming("outbound", "acme", MONDAY) as incoming:
        incoming.stream.write(CONTENT[:3])
        incoming.stream.write(CONTENT[3:])
        kept = incoming.keep()
    assert Kept(f"outbound/acme/2026-03-02/{SHA256}", SHA256, 8) == kept
    with archive.open(kept.path) as stream:
        assert CONTENT == stream.read()


def test_no_bytes_can_be_kept_too(archive):
    kept = archive.keep_bytes("inbound", "acme", MONDAY, b"")
    archive.verify(kept)
    assert (hashlib.sha256(b"").hexdigest(), 0) == (kept.sha256, kept.size_bytes)


def test_a_stream_that_was_begun_anew_keeps_what_was_written_last(archive):
    with archive.incoming("inbound", "acme", MONDAY) as incoming:
        incoming.stream.write(b"half of a broken transfer")
        incoming.stream.seek(0)
        incoming.stream.truncate()
        incoming.stream.write(CONTENT)
        assert SHA256 == incoming.keep().sha256


def test_what_was_not_kept_is_thrown_away(archive, tmp_path):
    with archive.incoming("inbound", "acme", MONDAY) as incoming:
        incoming.stream.write(CONTENT)
    assert set() == files(tmp_path)


def test_what_failed_half_way_is_thrown_away_and_the_failure_goes_on(archive, tmp_path):
    def break_half_way():
        with archive.incoming("inbound", "acme", MONDAY) as incoming:
            incoming.stream.write(CONTENT)
            raise EOFError

    with pytest.raises(EOFError):
        break_half_way()
    assert set() == files(tmp_path)


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let no file of this process grow over 4 KiB: what a full disk looks like to whoever writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [4097, 100_000])
def test_a_disk_that_fills_up_is_an_archive_error_and_nothing_half_is_kept(archive, tmp_path, full_disk, size):
    with pytest.raises(ArchiveError, match="Check the disk"):
        archive.keep_bytes("inbound", "acme", MONDAY, b"x" * size)
    assert set() == files(tmp_path)


def test_a_disk_that_fills_up_under_a_slow_writer_is_an_archive_error_too(archive, tmp_path, full_disk):
    def write_slowly():
        with archive.incoming("inbound", "acme", MONDAY) as incoming:
            for _ in range(5000):
                incoming.stream.write(b"ISA")

    with pytest.raises(ArchiveError, match="Check the disk"):
        write_slowly()
    assert set() == files(tmp_path)


def test_the_same_bytes_twice_are_kept_once(archive, tmp_path):
    first = archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    number = (tmp_path / first.path).stat().st_ino
    assert first == archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    assert number == (tmp_path / first.path).stat().st_ino
    assert {PLACE} == files(tmp_path)


def test_the_same_bytes_of_another_partner_are_kept_apart(archive, tmp_path):
    archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    archive.keep_bytes("inbound", "beta", MONDAY, CONTENT)
    assert {PLACE, PLACE.replace("acme", "beta")} == files(tmp_path)


def test_kept_bytes_are_read_only(archive, tmp_path):
    kept = archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    assert 0o440 == (tmp_path / kept.path).stat().st_mode & 0o777


def test_kept_bytes_are_readable_from_any_position(archive):
    kept = archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    with archive.open(kept.path) as stream:
        stream.seek(4)
        assert b"00*~" == stream.read()


def test_bytes_that_are_as_kept_verify(archive):
    archive.verify(archive.keep_bytes("inbound", "acme", MONDAY, CONTENT))


@pytest.mark.parametrize("now", [b"ISA*01*~", b"ISA", b""])
def test_bytes_that_changed_on_the_disk_do_not_verify(archive, tmp_path, now):
    kept = archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    (tmp_path / kept.path).chmod(0o640)
    (tmp_path / kept.path).write_bytes(now)
    with pytest.raises(KeptBytesDiffer, match="Restore"):
        archive.verify(kept)


def test_bytes_that_were_cut_on_the_disk_are_not_taken_for_the_same_ones(archive, tmp_path):
    kept = archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    (tmp_path / kept.path).chmod(0o640)
    (tmp_path / kept.path).write_bytes(b"ISA")
    with pytest.raises(KeptBytesDiffer):
        archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)


def test_bytes_that_are_gone_are_an_archive_error(archive, tmp_path):
    kept = archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    (tmp_path / kept.path).unlink()
    with pytest.raises(ArchiveError):
        archive.open(kept.path)
    with pytest.raises(ArchiveError):
        archive.verify(kept)


def test_a_place_that_cannot_be_written_to_is_an_archive_error(tmp_path):
    (tmp_path / "inbound").write_text("a file where the folder should be")
    with pytest.raises(ArchiveError, match="Check the disk"):
        FolderArchive(tmp_path).keep_bytes("inbound", "acme", MONDAY, CONTENT)


@pytest.mark.parametrize(
    "partner_id", ["", ".", "..", "../acme", "a/b", ".incoming", "a\\b/..", "a\0", "a\n", "ä", "x" * 65]
)
def test_a_partner_id_that_could_lead_elsewhere_is_refused(archive, tmp_path, partner_id):
    with pytest.raises(ConfigurationError):
        archive.keep_bytes("inbound", partner_id, MONDAY, CONTENT)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "path", ["", "gateway.db", "/etc/passwd", "inbound/../gateway.db", "partners/acme/profile.toml"]
)
def test_nothing_but_kept_bytes_is_opened(archive, tmp_path, path):
    (tmp_path / "inbound").mkdir()
    (tmp_path / "gateway.db").write_bytes(b"")
    with pytest.raises(InvariantBroken):
        archive.open(path)


def test_interrupted_work_leaves_files_that_are_listed_and_can_be_removed(archive, tmp_path):
    archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    with archive.incoming("inbound", "acme", MONDAY) as incoming:
        incoming.stream.write(CONTENT)
        os.link(incoming.stream.name, f"{incoming.stream.name}-after-a-crash")
    (leftover,) = archive.list_leftovers()
    assert leftover.startswith("inbound/.incoming/acme-")
    archive.remove_leftover(leftover)
    archive.remove_leftover(leftover)
    assert [] == list(archive.list_leftovers())
    assert {PLACE} == files(tmp_path)


def test_a_file_that_is_swept_away_before_it_is_locked_is_made_anew(archive, tmp_path, monkeypatch):
    """A sweep may look between the making of a temporary file and its lock."""
    lock, swept = fcntl.flock, []

    def sweep_first(stream, how):
        if not swept:
            swept.append(stream.name)
            Path(stream.name).unlink()
        lock(stream, how)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    with archive.incoming("inbound", "acme", MONDAY) as incoming:
        incoming.stream.write(CONTENT)
        kept = incoming.keep()
    assert 1 == len(swept)
    archive.verify(kept)


def test_what_is_being_written_is_no_leftover_until_its_writer_is_gone(archive):
    with archive.incoming("inbound", "acme", MONDAY) as incoming:
        incoming.stream.write(CONTENT)
        assert [] == list(archive.list_leftovers())
        incoming.keep()


def test_kept_bytes_are_never_removed_as_leftovers(archive):
    kept = archive.keep_bytes("inbound", "acme", MONDAY, CONTENT)
    with pytest.raises(InvariantBroken):
        archive.remove_leftover(kept.path)
    archive.verify(kept)


def test_an_archive_that_holds_nothing_has_no_leftovers(archive):
    assert [] == list(archive.list_leftovers())

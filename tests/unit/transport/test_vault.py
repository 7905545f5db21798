"""Kept bytes encrypted at rest: readable from anywhere with the right key, and with nothing else."""

import io
import os

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import cli
from gateway.errors import ConfigurationError, KeptBytesDiffer
from gateway.transport.archive import FolderArchive
from gateway.transport.vault import Vault, is_sealed
from tests.unit.pipeline.house import OCTOBER, _template, house, make_house  # noqa: F401
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
CHUNK = 1 << 16
SEALED = CHUNK + 16
DAY = OCTOBER.date()


def sealed(content: bytes, key: str = OLD) -> bytes:
    into = io.BytesIO()
    Vault([key]).seal(io.BytesIO(content), into)
    return into.getvalue()


@pytest.fixture
def kept(tmp_path):
    """Keep sealed bytes in a file and return how to open it."""

    def keep(content: bytes):
        path = tmp_path / "kept"
        path.write_bytes(content)
        return path

    return keep


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7])
def test_what_is_sealed_is_read_back_and_its_size_known(kept, size):
    content = os.urandom(size)
    path = kept(sealed(content))
    with Vault([OLD]).open(path) as stream:
        assert content == stream.read()
    assert size == Vault([OLD]).size_of(path)
    assert is_sealed(path)


def test_nothing_of_the_content_shows(kept):
    content = b"NM1*IL*1*LARKSPUR*LAVINIA~" * 10_000
    assert b"LARKSPUR" not in sealed(content)
    assert sealed(content) != sealed(content)


CONTENT = os.urandom(3 * CHUNK + 100)
WHOLE = sealed(CONTENT)


@given(st.lists(st.tuples(st.integers(0, len(CONTENT) + 10), st.integers(0, 2 * CHUNK)), max_size=6))
def test_any_part_is_read_as_from_the_clear_file(tmp_path_factory, reads):
    path = tmp_path_factory.getbasetemp() / "any-part"
    path.write_bytes(WHOLE)
    with Vault([OLD]).open(path) as stream:
        for start, size in reads:
            stream.seek(start)
            assert CONTENT[start : start + size] == stream.read(size)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_changed_bit_anywhere_is_noticed(tmp_path_factory, at):
    path = tmp_path_factory.getbasetemp() / "changed"
    changed = bytearray(WHOLE)
    changed[at] ^= 1
    path.write_bytes(changed)
    with pytest.raises(KeptBytesDiffer), Vault([OLD]).open(path) as stream:
        stream.read()


@pytest.mark.parametrize("gone", [1, 100, 116, SEALED, SEALED + 116, 3 * SEALED + 116])
def test_a_cut_file_is_noticed_at_whichever_place_it_was_cut(kept, gone):
    path = kept(WHOLE[:-gone])
    with pytest.raises(KeptBytesDiffer):
        Vault([OLD]).open(path)


def test_chunks_that_changed_places_are_noticed(kept):
    start = len(WHOLE) - (3 * SEALED + 116)
    swapped = WHOLE[:start] + WHOLE[start + SEALED : start + 2 * SEALED] + WHOLE[start : start + SEALED]
    with pytest.raises(KeptBytesDiffer), Vault([OLD]).open(kept(swapped + WHOLE[start + 2 * SEALED :])) as stream:
        stream.read()


def test_another_key_opens_nothing_and_an_older_one_beside_the_present_one_does(kept):
    path = kept(sealed(CONTENT))
    with pytest.raises(KeptBytesDiffer, match="key"):
        Vault([NEW]).open(path)
    with Vault([NEW, OLD]).open(path) as stream:
        assert CONTENT == stream.read()


@pytest.mark.parametrize("keys", [[], ["no key"], [OLD, "short"]])
def test_keys_that_are_none_are_a_mistake_of_ours(keys):
    with pytest.raises(ConfigurationError, match="key file"):
        Vault(keys)


# --- the whole archive


def test_an_archive_is_sealed_after_the_fact_and_its_key_changed_with_nothing_lost(tmp_path):
    contents = [os.urandom(size) for size in (0, 10, CHUNK + 1)]
    kept = [FolderArchive(tmp_path).keep_bytes("inbound", "acme", DAY, each) for each in contents]
    for vault, counts in ((Vault([OLD]), (3, 0)), (Vault([OLD]), (0, 3)), (Vault([NEW, OLD]), (3, 0))):
        archive = FolderArchive(tmp_path, vault)
        assert counts == archive.reseal()
        for each in kept:
            archive.verify(each)
    newest = FolderArchive(tmp_path, Vault([NEW]))  # the old key is taken out
    for each in kept:
        newest.verify(each)
    assert {"0o440"} == {oct((tmp_path / each.path).stat().st_mode & 0o777) for each in kept}
    assert [] == list(newest.list_leftovers())


def test_what_was_kept_in_clear_before_stays_readable_and_the_same_bytes_are_kept_once(tmp_path):
    plain = FolderArchive(tmp_path).keep_bytes("inbound", "acme", DAY, b"ISA")
    archive = FolderArchive(tmp_path, Vault([OLD]))
    archive.verify(plain)
    assert plain == archive.keep_bytes("inbound", "acme", DAY, b"ISA")
    sealed_one = archive.keep_bytes("inbound", "acme", DAY, b"GS")
    assert sealed_one == archive.keep_bytes("inbound", "acme", DAY, b"GS")


def test_a_sealed_archive_without_its_keys_says_what_is_missing(tmp_path):
    kept = FolderArchive(tmp_path, Vault([OLD])).keep_bytes("inbound", "acme", DAY, b"ISA")
    with pytest.raises(ConfigurationError, match="is encrypted"):
        FolderArchive(tmp_path).open(kept.path)


def test_the_whole_trip_works_on_sealed_bytes_and_none_lie_there_in_clear(house, tmp_path):  # noqa: F811
    house.refit(archive=FolderArchive(house.home.path, Vault([OLD])))
    house.drop("acme", "first.834", Envelope().around(enrollment(member("A1"))))
    house.poll("acme")
    house.work()
    assert [("applied",)] == house.rows("SELECT state FROM transaction_sets")
    assert {"999", "TA1"} == {name.split("_")[0] for name in house.inbox("acme")}
    lying = [path for side in (house.home.inbound, house.home.outbound) for path in side.rglob("*") if path.is_file()]
    assert 3 == len(lying)
    assert all(is_sealed(path) for path in lying)


def test_a_key_is_made_named_and_used_from_the_command_line(tmp_path):
    run = lambda *words: CliRunner().invoke(cli, ["--home", str(tmp_path / "home"), *words], catch_exceptions=False)  # noqa: E731
    CliRunner().invoke(cli, ["init", str(tmp_path / "home")])
    kept = FolderArchive(tmp_path / "home").keep_bytes("inbound", "birch", DAY, b"ISA")
    (tmp_path / "home/secrets/archive.keys").write_text(run("archive", "key").output)
    with (tmp_path / "home/gateway.toml").open("a") as settings:
        settings.write('\n[archive]\nkey_file = "secrets/archive.keys"\n')
    assert "1 files sealed anew, 0 were" in run("archive", "reseal").output
    assert "0 files sealed anew, 1 were" in run("archive", "reseal").output
    assert is_sealed(tmp_path / "home" / kept.path)

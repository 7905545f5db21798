"""What is around files: opened as real programs wrap them, refused with a reason, never unpacked without an end."""

import gzip
import io
import os
import stat
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigurationError
from gateway.ports.payloads import Opened
from gateway.transport.payloads import Agreement, ProtectedPayloads
from gateway.transport.pgp import PgpKeys
from tests.unit.transport.gpg import gpg

__all__ = ["gpg"]


def packed(content: bytes) -> bytes:
    """Return what gzip makes of it, the same at any time: test ids are made of it."""
    return gzip.compress(content, mtime=0)


CONTENT = b"ISA*00*" + b"INS*Y*18*021*20*A***FT~\n" * 5000
LARGEST = 1_000_000


def payloads(**agreed: object) -> ProtectedPayloads:
    return ProtectedPayloads(lambda _: Agreement(**agreed))


def opened(content: bytes, largest: int = LARGEST, **agreed: object) -> tuple[Opened, bytes]:
    """Return what opening said, and what was inside."""
    into = io.BytesIO()
    said = payloads(**agreed).open("acme", io.BytesIO(content), into, largest=largest)
    return said, into.getvalue()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


# --- what comes as it is


@pytest.mark.parametrize(
    "content", [CONTENT, b"", b"\xc1rger;M\xfcller\n", b"PK", zipped(**{"[Content_Types].xml": b""})]
)
def test_what_is_not_wrapped_is_left_alone(content):
    assert (Opened(), b"") == opened(content)


@given(st.binary(max_size=300))
def test_no_bytes_whatever_break_the_opening(content):
    for beginning in (b"", b"\x1f\x8b\x08", b"PK\x03\x04"):
        said, _ = opened(beginning + content)
        assert said.refusal or not said.layers or said.layers[0] in {"gzip", "zip"}


# --- packed


@pytest.mark.parametrize(
    ("content", "layers"),
    [
        (packed(CONTENT), ("gzip",)),
        (packed(CONTENT[:100]) + packed(CONTENT[100:]), ("gzip",)),
        (zipped(a=CONTENT), ("zip",)),
        (packed(zipped(a=CONTENT)), ("gzip", "zip")),
    ],
)
def test_a_packed_file_is_unpacked(content, layers):
    assert (Opened(layers), CONTENT) == opened(content)


def test_what_gzip_itself_packs_is_unpacked():
    done = subprocess.run(["gzip", "-c"], input=CONTENT, capture_output=True, check=True)
    assert (Opened(("gzip",)), CONTENT) == opened(done.stdout)


@pytest.mark.parametrize("content", [packed(CONTENT), zipped(a=CONTENT)], ids=["gzip", "zip"])
def test_a_packed_file_that_breaks_off_may_still_get_its_rest(content):
    said, _ = opened(content[: len(content) // 2])
    assert said.breaks_off
    assert "breaks off" in said.refusal


def test_a_damaged_file_is_refused_for_good():
    broken = bytearray(packed(os.urandom(5000)))
    broken[2000] ^= 0xFF
    said, _ = opened(bytes(broken))
    assert ("the gzip file is damaged", False) == (said.refusal, said.breaks_off)
    damaged = bytearray(zipped(a=os.urandom(5000)))
    damaged[2000] ^= 0xFF
    said, _ = opened(bytes(damaged))
    assert ("the zip archive is damaged", False) == (said.refusal, said.breaks_off)


@pytest.mark.parametrize("bomb", [packed(bytes(50_000_000)), zipped(a=bytes(50_000_000))], ids=["gzip", "zip"])
def test_a_bomb_is_refused_before_it_has_grown(bomb):
    assert len(bomb) < 60_000
    said, inside = opened(bomb)
    assert "more than the 1000000 bytes" in said.refusal
    assert b"" == inside


def test_a_zip_that_lies_of_its_size_is_refused_all_the_same():
    lying = bytearray(zipped(a=bytes(5_000_000)))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = lying.find(mark) + (22 if mark.endswith(b"\x04") else 24)
        lying[at : at + 4] = (100).to_bytes(4, "little")
    said, inside = opened(bytes(lying))
    assert said.refusal
    assert len(inside) <= 100


def link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (zipped(a=b"1", b=b"2"), "2 files"),
        (zipped(**{"../../etc/cron.d/x": b"1"}), "a place outside"),
        (zipped(**{"/etc/passwd": b"1"}), "a place outside"),
        (zipped(**{"..\\..\\x": b"1"}), "a place outside"),
        (link(), "a place outside"),
        (packed(packed(packed(packed(b"x")))), "more than three times"),
    ],
)
def test_an_archive_that_is_no_single_plain_file_is_refused(content, reason):
    said, inside = opened(content)
    assert b"" == inside
    assert reason in said.refusal


# --- PGP


def keys(gpg, *theirs: str, ours: str = "gateway", passphrase: str = "") -> dict[str, object]:
    found = PgpKeys(
        gpg.secret(ours, passphrase) if ours else "", passphrase, tuple(gpg.public(name) for name in theirs)
    )
    return {"keys": lambda: found}


def message(
    gpg, *, signer: str = "", to: str = "gateway", words: tuple[str, ...] = (), content: bytes = CONTENT
) -> bytes:
    signed = ["--sign", "--local-user", signer] if signer else []
    encrypted = ["--encrypt", "--recipient", to] if to else []
    return gpg.run(*words, *signed, *encrypted, "--output", "-", given=content)


def fingerprint(gpg, name: str) -> str:
    lines = gpg.run("--with-colons", "--list-keys", name).decode().splitlines()
    return next(line.split(":")[9] for line in lines if line.startswith("fpr"))


@pytest.mark.parametrize("words", [(), ("--armor",), ("--compress-algo", "none"), ("--compress-algo", "zlib")])
def test_what_gpg_signs_and_encrypts_is_opened_and_its_signer_known(gpg, words):
    content = message(gpg, signer="acme", words=words)
    said, inside = opened(content, **keys(gpg, "acme"), needs_encryption=True, needs_signature=True)
    assert (Opened(("PGP",), fingerprint(gpg, "acme")), CONTENT) == (said, inside)


def test_a_key_of_ours_with_a_passphrase_opens_too(gpg):
    content = message(gpg, to="locked")
    assert CONTENT == opened(content, **keys(gpg, ours="locked", passphrase="secret"))[1]
    said, inside = opened(content, **keys(gpg, ours="locked", passphrase="secret") | {"needs_signature": True})
    assert ("it is not signed, and the agreement asks for a signature", b"") == (said.refusal, inside)


def test_a_wrong_passphrase_opens_nothing(gpg):
    found = PgpKeys(gpg.secret("locked", "secret"), "wrong")
    said, inside = opened(message(gpg, to="locked"), keys=lambda: found)
    assert said.refusal
    assert b"" == inside


def test_either_of_two_keys_verifies_while_a_partner_changes_its_key(gpg):
    for signer in ("acme", "stranger"):
        said, _ = opened(message(gpg, signer=signer), **keys(gpg, "acme", "stranger"), needs_signature=True)
        assert fingerprint(gpg, signer) == said.signer


@pytest.mark.parametrize("demanded", [True, False])
def test_a_signature_of_a_key_that_was_not_agreed_on_fails_closed_even_where_none_is_asked_for(gpg, demanded):
    said, inside = opened(message(gpg, signer="stranger"), **keys(gpg, "acme"), needs_signature=demanded)
    assert "signature" in said.refusal
    assert b"" == inside


def test_our_own_signature_is_nobody_elses(gpg):
    """Whoever sends back what we once signed is not the partner, though our key is in the ring."""
    said, inside = opened(message(gpg, signer="gateway"), **keys(gpg, "acme"), needs_signature=True)
    assert ("its PGP signature is of a key that was not agreed on", b"") == (said.refusal, inside)


def test_a_message_that_was_changed_on_its_way_is_refused(gpg):
    content = bytearray(message(gpg, signer="acme"))
    content[-40] ^= 0xFF
    said, inside = opened(bytes(content), **keys(gpg, "acme"))
    assert said.refusal
    assert b"" == inside


def test_a_message_that_breaks_off_may_still_get_its_rest(gpg):
    content = message(gpg, signer="acme", content=os.urandom(100_000))
    said, inside = opened(content[:60_000], **keys(gpg, "acme"))
    assert said.breaks_off
    assert b"" == inside


def test_a_message_for_another_key_is_refused_for_good(gpg):
    said, _ = opened(message(gpg, to="stranger"), **keys(gpg, "acme"))
    assert ("another key" in said.refusal, False) == (True, said.breaks_off)


def test_a_signed_message_in_clear_is_opened_unless_it_must_be_encrypted(gpg):
    content = message(gpg, signer="acme", to="")
    assert CONTENT == opened(content, **keys(gpg, "acme"), needs_signature=True)[1]


@pytest.mark.parametrize("content", [CONTENT, packed(CONTENT)])
def test_a_file_in_clear_is_refused_where_pgp_was_agreed_on(gpg, content):
    said, inside = opened(content, **keys(gpg, "acme"), needs_encryption=True)
    assert ("it came in clear, and the agreement asks for PGP", b"") == (said.refusal, inside)


def test_pgp_from_a_partner_without_keys_is_refused_with_its_reason(gpg):
    said, _ = opened(message(gpg, words=("--armor",)))
    assert "no key of ours was agreed on" in said.refusal


def test_a_bomb_inside_a_message_is_refused(gpg):
    said, inside = opened(message(gpg, content=bytes(5_000_000)), **keys(gpg, "acme"))
    assert "more than the 1000000 bytes" in said.refusal
    assert b"" == inside


def test_a_message_around_a_packed_file_is_opened_to_the_core(gpg):
    said, inside = opened(message(gpg, signer="acme", content=packed(CONTENT)), **keys(gpg, "acme"))
    assert (("PGP", "gzip"), CONTENT) == (said.layers, inside)


# --- what goes


def sealed(**agreed: object) -> bytes:
    into = io.BytesIO()
    payloads(**agreed).seal("acme", "invoice.csv", io.BytesIO(CONTENT), into)
    return into.getvalue()


@pytest.mark.parametrize(
    ("agreed", "suffix"),
    [
        ({}, ""),
        ({"packs": "gzip"}, ".gz"),
        ({"packs": "zip"}, ".zip"),
        ({"encrypts": True}, ".pgp"),
        ({"packs": "zip", "encrypts": True, "signs": True}, ".zip.pgp"),
    ],
)
def test_the_name_says_what_is_around_a_document(agreed, suffix):
    assert suffix == payloads(**agreed).seals("acme")


def test_what_is_packed_by_us_other_programs_unpack():
    done = subprocess.run(["gzip", "-dc"], input=sealed(packs="gzip"), capture_output=True, check=True)
    assert CONTENT == done.stdout
    with zipfile.ZipFile(io.BytesIO(sealed(packs="zip"))) as archive:
        assert {"invoice.csv": CONTENT} == {name: archive.read(name) for name in archive.namelist()}


def test_packing_twice_gives_the_same_bytes():
    for kind in ("gzip", "zip"):
        assert sealed(packs=kind) == sealed(packs=kind)


@pytest.mark.parametrize("packs", ["none", "gzip"])
def test_what_we_encrypt_and_sign_the_partners_gpg_opens_and_verifies(gpg, tmp_path, packs):
    content = sealed(**keys(gpg, "acme"), encrypts=True, signs=True, packs=packs)
    (tmp_path / "in.pgp").write_bytes(content)
    status = gpg.run(
        "--status-fd", "1", "--output", str(tmp_path / "out"), "--decrypt", str(tmp_path / "in.pgp")
    ).decode()
    assert f"VALIDSIG {fingerprint(gpg, 'gateway')}" in status
    assert "DECRYPTION_OKAY" in status
    out = (tmp_path / "out").read_bytes()
    assert CONTENT == (gzip.decompress(out) if packs == "gzip" else out)


def test_what_is_only_signed_stays_readable_and_verifies(gpg, tmp_path):
    (tmp_path / "in.pgp").write_bytes(sealed(**keys(gpg), signs=True))
    assert CONTENT == gpg.run("--output", "-", "--decrypt", str(tmp_path / "in.pgp"))


def test_a_full_disk_of_ours_is_no_fault_of_the_partners(gpg):
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        payloads(**keys(gpg, "acme"), encrypts=True).seal("acme", "a", io.BytesIO(CONTENT), full)
    content = io.BytesIO(message(gpg, signer="acme"))
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        payloads(**keys(gpg, "acme")).open("acme", content, full, largest=LARGEST)


def test_an_expired_key_of_the_partners_stops_us_and_says_so(gpg):
    with pytest.raises(ConfigurationError, match="gpg did not encrypt"):
        sealed(**keys(gpg, "expired"), encrypts=True)


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxxxx\n"])
def test_a_key_that_cannot_be_read_is_a_mistake_of_ours(gpg, text):
    found = PgpKeys(gpg.secret("gateway"), "", (text,))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        opened(message(gpg), keys=lambda: found)


def test_when_keys_end_is_known_and_those_that_never_end_are_left_out(gpg):
    found = payloads(**keys(gpg, "acme", "ending")).expiries("acme")
    assert [("theirs", fingerprint(gpg, "ending"), datetime(2099, 12, 31, tzinfo=UTC).date())] == [
        (each.owner, each.fingerprint, each.expires_at.date()) for each in found
    ]
    assert [] == payloads().expiries("acme")

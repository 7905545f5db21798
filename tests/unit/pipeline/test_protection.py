"""Files that come and go packed, encrypted and signed: opened before they are checked, wrapped once when they go."""

import gzip
import io
import zipfile
from datetime import UTC, datetime

import pytest

from gateway.errors import ConnectionDropped
from gateway.partners.profile import SecretReference
from gateway.pipeline.watch import watch
from tests.unit.pipeline.house import OCTOBER
from tests.unit.pipeline.x12_files import Envelope, enrollment, member
from tests.unit.transport.gpg import gpg

__all__ = ["gpg"]

FILE = Envelope(asks_for_ta1=False).around(enrollment(member("A1")))


@pytest.fixture
def protected(house, gpg):
    """A house whose partner acme exchanges files under PGP, both ways."""
    house.home.secrets.mkdir()
    (house.home.secrets / "pgp.asc").write_text(gpg.secret("gateway"))
    keys = house.home.partners / "acme" / "keys"
    keys.mkdir(exist_ok=True)
    (keys / "pgp.asc").write_text(gpg.public("acme"))
    house.agree(
        "acme", protection={"our_key": SecretReference(file="secrets/pgp.asc"), "partner_keys": ("keys/pgp.asc",)}
    )
    return house


def message(gpg, content, signer="acme"):
    return gpg.run(
        "--sign", "--local-user", signer, "--encrypt", "--recipient", "gateway", "--output", "-", given=content
    )


def sets(house):
    return [state for (state,) in house.rows("SELECT state FROM transaction_sets")]


def test_an_encrypted_file_is_applied_and_both_its_forms_are_kept(protected, gpg):
    wrapped = message(gpg, FILE)
    protected.drop("acme", "first.834.pgp", wrapped)
    protected.poll("acme")
    protected.work()
    assert ["applied"] == sets(protected)
    ((clear, raw),) = protected.rows("SELECT kept_path, raw_path FROM files")
    assert (FILE, wrapped) == ((protected.home.path / clear).read_bytes(), (protected.home.path / raw).read_bytes())
    ((text,),) = protected.rows("SELECT text FROM log_events WHERE station = 'receive'")
    assert text.startswith(f"Received {len(FILE)} bytes out of PGP, signed by ")


def test_the_same_content_wrapped_anew_is_a_duplicate(protected, gpg):
    for number, content in enumerate([message(gpg, FILE), message(gpg, FILE), gzip.compress(FILE), FILE]):
        protected.drop("acme", f"{number}.834", content)
    report = protected.poll("acme")
    assert (1, 3) == (len(report.received), len(report.duplicates))


def test_a_message_whose_signer_is_not_agreed_on_is_quarantined_with_its_reason_and_never_checked(protected, gpg):
    protected.drop("acme", "first.834.pgp", message(gpg, FILE, signer="stranger"))
    protected.poll("acme")
    protected.work()
    ((state, reason),) = protected.rows("SELECT state, reason FROM files")
    assert ("quarantined", True) == (state, "signature" in reason)
    assert [("file_quarantined", "acme")] == protected.incidents()
    assert [] == sets(protected)
    protected.drop("acme", "again.834.pgp", message(gpg, FILE))
    protected.poll("acme")
    protected.work()
    assert ["applied"] == sets(protected)


def test_half_a_message_waits_for_its_rest(protected, gpg):
    wrapped = message(gpg, FILE)
    protected.drop("acme", "first.834.pgp", wrapped[: len(wrapped) // 2])
    assert [] == protected.poll("acme").received
    protected.drop("acme", "first.834.pgp", wrapped)
    assert 1 == len(protected.poll("acme").received)


def test_a_bomb_is_quarantined_and_its_neighbour_is_taken(house):
    house.agree("acme", pick_up={"max_bytes": 100_000})
    house.drop("acme", "a.834.gz", gzip.compress(bytes(50_000_000)))
    house.drop("acme", "b.834", FILE)
    house.poll("acme")
    house.work()
    assert ["acknowledged", "quarantined"] == sorted(state for (state,) in house.rows("SELECT state FROM files"))


def test_a_packed_half_file_is_cut_inside(house):
    house.drop("acme", "first.834.gz", gzip.compress(FILE[:300]))
    assert [] == house.poll("acme").received


# --- what goes


def test_a_document_goes_encrypted_and_signed_and_its_own_bytes_stay_readable_here(protected, gpg, tmp_path):
    protected.agree("acme", protection={"encrypt": True, "sign": True, "pack": "gzip"})
    protected.take("acme", FILE)
    ((name, content),) = protected.inbox("acme").items()
    assert name.endswith(".edi.gz.pgp")
    (tmp_path / "in").write_bytes(content)
    inside = gpg.run("--output", "-", "--decrypt", str(tmp_path / "in"))
    ((kept, state),) = protected.rows("SELECT kept_path, state FROM documents")
    assert (protected.home.path / kept).read_bytes() == gzip.decompress(inside)
    assert "verified" == state


def test_a_delivery_that_is_repeated_sends_the_bytes_of_the_first_attempt(protected):
    protected.agree("acme", protection={"encrypt": True})
    original = protected.plant.open_session

    def break_after(partner_id):
        class Breaking:
            def __enter__(self):
                self.held = original(partner_id)
                self.session = self.held.__enter__()
                return self

            def __exit__(self, *words):
                return self.held.__exit__(*words)

            def deliver(self, *words):
                self.session.deliver(*words)
                raise ConnectionDropped

        return Breaking()

    protected.refit(open_session=break_after)
    protected.take("acme", FILE)
    before = protected.inbox("acme")
    protected.refit(open_session=original)
    protected.work_on()
    assert [("verified",)] == protected.rows("SELECT state FROM documents")
    assert before == protected.inbox("acme")
    kept = [path for path in protected.home.outbound.rglob("*") if path.is_file()]
    assert 2 == len(kept)  # its own bytes and the wrapped ones, which were made once


def test_a_document_waits_for_a_key_that_has_expired_and_goes_when_it_is_replaced(protected, gpg):
    key = protected.home.partners / "acme" / "keys" / "pgp.asc"
    key.write_text(gpg.public("expired"))
    protected.agree("acme", protection={"encrypt": True})
    protected.take("acme", FILE)
    ((state, reason),) = protected.rows("SELECT state, reason FROM documents")
    assert ("queued", True) == (state, "gpg did not encrypt" in reason)
    key.write_text(gpg.public("acme"))
    protected.app.poll("acme")
    protected.work()
    assert [("verified",)] == protected.rows("SELECT state FROM documents")


def test_a_packed_document_holds_one_file_of_its_own_name(house):
    house.agree("acme", protection={"pack": "zip"})
    house.take("acme", FILE)
    ((name, content),) = house.inbox("acme").items()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert [name.removesuffix(".zip")] == archive.namelist()


# --- keys that end


def test_a_key_is_told_of_a_month_before_it_ends_until_it_is_replaced(protected, gpg):
    key = protected.home.partners / "acme" / "keys" / "pgp.asc"
    key.write_text(gpg.public("ending"))
    protected.clock.instant = datetime(2099, 11, 25, tzinfo=UTC)
    watch(protected.plant, "acme")
    assert [] == [kind for kind, _ in protected.incidents() if kind.startswith("key")]
    protected.clock.instant = datetime(2099, 12, 2, 12, tzinfo=UTC)
    watch(protected.plant, "acme")
    assert ["key_expires"] == [kind for kind, _ in protected.incidents() if kind.startswith("key")]
    key.write_text(gpg.public("acme"))
    watch(protected.plant, "acme")
    assert [] == [kind for kind, _ in protected.incidents() if kind.startswith("key")]


def test_a_key_that_cannot_be_read_is_told_of_and_the_rest_is_watched(protected):
    (protected.home.partners / "acme" / "keys" / "pgp.asc").write_text("no key")
    protected.clock.instant = OCTOBER
    watch(protected.plant, "acme")
    assert [("key_unusable", "acme")] == protected.incidents()

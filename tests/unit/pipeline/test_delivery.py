"""Station 8: what we say of a delivery is true at every moment (DESIGN, decision 9)."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from gateway.demo.server import SimulatedPartnersServer, UserLogin
from gateway.domain.exchange import DeliveryState
from gateway.errors import (
    ConfigurationError,
    ConnectionDropped,
    HostKeyRefused,
    HostUnreachable,
    NotAllowed,
    PartnerRefusedLogin,
    RemoteRefused,
)
from gateway.partners.profile import PartnerStatus
from gateway.pipeline import deliver
from gateway.pipeline.work import perform
from gateway.ports.jobs import Job
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.folder import open_folder
from gateway.transport.sftp import open_sftp
from tests.faults import servers
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

LOOK = Job("poll", "acme", lock="poll/acme")
PASSWORD = "the partner's password"
FILE = Envelope(asks_for_ta1=False).around(enrollment(member("A1")))  # is answered by one 999


def states(house):
    return [state for (state,) in house.rows("SELECT state FROM documents ORDER BY created_at, id")]


def history(house):
    return [state for (state,) in house.rows("SELECT state FROM delivery_attempts ORDER BY id")]


@pytest.fixture
def sftp(house):
    """Let acme's folder be served over SFTP by a server of the given faults."""
    running = []

    def serve(sftp_class):
        for server in running:
            server.stop()
        server = SimulatedPartnersServer(house.mailboxes, {"acme": UserLogin(password=PASSWORD)}, sftp_class=sftp_class)
        running.append(server.start())
        endpoint = SftpEndpoint("127.0.0.1", server.port, "acme", (server.host_key_line,), password=PASSWORD)
        house.refit(open_session=lambda _: open_sftp(endpoint))

    yield serve
    running[-1].stop()


def refuse_with(house, error):
    """Let no session with a partner open."""

    @contextmanager
    def refuse(_):
        raise error
        yield

    house.refit(open_session=refuse)


def let_in(house):
    """Open acme's folder again."""
    house.refit(open_session=lambda partner_id: open_folder(house.mailboxes / partner_id))


def test_a_document_is_queued_then_on_its_way_then_there_then_seen_there(house):
    house.take("acme", FILE)
    assert ["sending", "sent", "verified"] == history(house)
    assert ["verified"] == states(house)


def test_a_line_that_drops_after_the_rename_is_unknown_until_the_next_attempt_finds_the_one_copy(house, sftp):
    sftp(servers.CutsTheLineAfterTheRename)
    house.take("acme", FILE)
    assert ["unknown"] == states(house)
    assert 1 == len(house.inbox("acme"))
    house.work_on()
    assert ["sending", "unknown", "sending", "sent", "verified"] == history(house)
    assert 1 == len(house.inbox("acme"))


def test_a_line_that_drops_in_the_middle_of_a_put_is_unknown_until_the_next_attempt_brings_it_whole(house, sftp):
    servers_bit, servers.A_BIT = servers.A_BIT, 0
    try:
        sftp(servers.CutsTheLineWhilePutting)
        house.take("acme", FILE)
    finally:
        servers.A_BIT = servers_bit
    assert ["unknown"] == states(house)
    sftp(servers.Partner)
    house.work_on()
    assert ["verified"] == states(house)
    ((kept,),) = house.rows("SELECT kept_path FROM documents")
    assert [(house.home.path / kept).read_bytes()] == list(house.inbox("acme").values())


def test_what_may_be_there_stays_unknown_while_the_server_is_silent(house, sftp):
    sftp(servers.CutsTheLineAfterTheRename)
    house.take("acme", FILE)
    refuse_with(house, HostUnreachable())
    house.clock.instant = house.app.database.job_table().next_due()
    house.work()
    assert ["sending", "unknown", "sending", "unknown"] == history(house)


def test_a_refused_put_is_given_up_at_once_with_an_incident(house, sftp):
    sftp(servers.RefusesWrites)
    house.take("acme", FILE)
    assert ["given_up"] == states(house)
    assert [("delivery_given_up", "acme")] == house.incidents()
    ((reason,),) = house.rows("SELECT reason FROM documents")
    assert reason.startswith("RemoteRefused: ")


def test_a_document_that_was_given_up_is_sent_again_when_somebody_says_so_and_why(house, sftp):
    sftp(servers.RefusesWrites)
    house.take("acme", FILE)
    ((document,),) = house.rows("SELECT id FROM documents")
    house.clock.instant += timedelta(minutes=1)
    house.app.resend(document, by="EDI desk", reason="they say that it is put right")
    house.work()
    assert ["given_up"] == states(house)
    assert [("delivery_given_up", "acme")] == house.incidents()  # told again
    sftp(servers.Partner)
    house.app.resend(document, by="EDI desk", reason="the partner has given us the right to write")
    house.work()
    assert ["verified"] == states(house)
    assert [] == house.incidents()
    assert 1 == len(house.inbox("acme"))
    ((said,),) = house.rows("SELECT reason FROM delivery_attempts WHERE reason LIKE 'sent again%right to write'")
    assert "sent again by EDI desk: the partner has given us the right to write" == said
    with pytest.raises(NotAllowed, match="is verified"):
        house.app.resend(document, by="EDI desk", reason="twice")


def test_a_name_that_other_bytes_have_taken_is_never_overwritten_and_given_up_with_an_incident(house):
    def first_come(partner_id):
        name, folder = house.rows("SELECT name, folder FROM documents")[0]
        path = house.mailboxes / partner_id / folder.strip("/") / name
        path.write_bytes(b"an earlier one")
        return open_folder(house.mailboxes / partner_id)

    house.refit(open_session=first_come)
    house.take("acme", FILE)
    assert ["given_up"] == states(house)
    assert [b"an earlier one"] == list(house.inbox("acme").values())
    assert [("delivery_given_up", "acme")] == house.incidents()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (HostUnreachable(), "unreachable"),
        (HostKeyRefused(), "host_key_refused"),
        (PartnerRefusedLogin(), "login_refused"),
        (ConfigurationError("the password is not found"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_document_outlives_a_closed_way_to_its_partner_and_is_delivered_when_a_look_succeeds(house, error, kind):
    refuse_with(house, error)
    house.take("acme", FILE)
    house.work_on()
    assert ["queued"] == states(house)
    assert [(kind, "acme")] * bool(kind) == house.incidents()
    let_in(house)
    house.work_on()
    assert ["queued"] == states(house)  # nobody looked yet
    house.app.poll("acme")
    house.work()
    assert ["verified"] == states(house)
    assert [] == house.incidents()


def test_a_second_look_takes_nothing_up_twice(house):
    refuse_with(house, HostKeyRefused())
    house.take("acme", FILE)
    let_in(house)
    house.app.poll("acme")
    house.app.poll("acme")
    assert [(1,)] == house.rows("SELECT count(*) FROM jobs WHERE station = 'deliver' AND state = 'todo'")


@pytest.mark.parametrize("status", [PartnerStatus.ONBOARDING, PartnerStatus.SUSPENDED])
def test_a_partner_that_is_not_active_keeps_its_documents_until_it_is(house, status):
    house.agree("acme", status=status)
    house.take("acme", FILE)
    house.app.poll("acme")
    house.work()
    assert ["queued"] == states(house)
    assert ["queued"] == history(house)  # noted once, with the reason
    assert {} == house.inbox("acme")
    house.agree("acme", status=PartnerStatus.ACTIVE)
    house.app.poll("acme")
    house.work()
    assert ["verified"] == states(house)
    assert 1 == len(house.inbox("acme"))


def test_an_invoice_issued_while_a_partner_is_suspended_is_delivered_when_it_is_back(house):
    house.take("acme", FILE)
    house.agree("acme", status=PartnerStatus.SUSPENDED)
    house.bill()
    assert ["999"] == [name.split("_")[0] for name in house.inbox("acme")]
    house.agree("acme", status=PartnerStatus.ACTIVE)
    house.app.poll("acme")
    house.work()
    assert {"999", "invoice"} == {name.split("_")[0] for name in house.inbox("acme")}


def test_an_interrupted_document_of_a_partner_that_was_suspended_since_may_be_there(house, sftp):
    sftp(servers.CutsTheLineAfterTheRename)
    house.take("acme", FILE)
    house.agree("acme", status=PartnerStatus.SUSPENDED)
    house.work_on()
    assert ["unknown"] == states(house)
    house.agree("acme", status=PartnerStatus.ACTIVE)
    sftp(servers.Partner)
    house.app.poll("acme")
    house.work()
    assert ["verified"] == states(house)
    assert 1 == len(house.inbox("acme"))


def test_a_document_that_is_answered_while_we_reach_for_it_is_not_sent_again(house, monkeypatch):
    def answered(profile):
        with house.plant.open_unit() as unit:
            ((document,),) = house.rows("SELECT id FROM documents")
            unit.documents.move(
                document, DeliveryState.ACKNOWLEDGED, expected=[DeliveryState.QUEUED], at=house.clock.now()
            )
            unit.commit()
        return ""

    monkeypatch.setattr(deliver, "_obstacle", answered)
    house.take("acme", FILE)
    assert ["acknowledged"] == states(house)
    assert {} == house.inbox("acme")


def test_the_next_outage_of_the_same_day_is_an_incident_of_its_own_and_one_outage_is_one(house):
    for outage in (1, 2):
        refuse_with(house, HostUnreachable())
        for _ in range(3):
            perform(house.plant, LOOK, 1)
        assert [("unreachable", "acme")] == house.incidents(), outage
        let_in(house)
        house.clock.instant = house.clock.instant.replace(minute=outage)
        house.app.poll("acme")
        assert [] == house.incidents()


def test_a_folder_that_is_not_there_is_no_quiet_night(house):
    (house.mailboxes / "acme" / "outbox").rmdir()
    perform(house.plant, LOOK, 1)
    assert [("poll_given_up", "acme")] == house.incidents()
    (house.mailboxes / "acme" / "outbox").mkdir()
    house.app.poll("acme")
    assert [] == house.incidents()


def test_a_document_whose_transfer_breaks_again_and_again_does_not_hold_the_next_ones_back(house):
    original = house.plant.open_session

    @contextmanager
    def break_csv(partner_id):
        with original(partner_id) as session:

            class Fragile:
                def deliver(self, content, size_bytes, folder, name):
                    if name.endswith(".csv"):
                        raise ConnectionDropped
                    return session.deliver(content, size_bytes, folder, name)

            yield Fragile()

    house.take("acme", FILE)
    house.refit(open_session=break_csv)
    house.bill()
    found = dict(house.rows("SELECT kind, state FROM documents WHERE partner_id = 'acme'"))
    assert {"999": "verified", "invoice_csv": "unknown", "invoice_json": "verified"} == found
    house.take("acme", Envelope(number="000000102", asks_for_ta1=False).around(enrollment(member("A2"), reference="2")))
    assert 2 == len(house.answers("acme", "999"))
    house.refit(open_session=original)
    house.work_on()
    assert [("verified",)] == house.rows("SELECT DISTINCT state FROM documents WHERE partner_id = 'acme'")


def test_a_transfer_that_breaks_twelve_times_is_given_up_with_an_incident(house, sftp):
    sftp(servers.KeepsLessThanItTook)
    servers_bit, servers.A_BIT = servers.A_BIT, 0
    try:
        house.take("acme", FILE)
        house.work_on()
    finally:
        servers.A_BIT = servers_bit
    assert ["given_up"] == states(house)
    assert [("delivery_given_up", "acme")] == house.incidents()
    tries = house.plant.settings.work.tries_on_the_wire
    assert [(tries,)] == house.rows("SELECT tries FROM documents")
    assert ["sending", "unknown"] * tries + ["given_up"] == history(house)


def test_a_login_that_is_refused_is_tried_once_and_not_for_every_document(house):
    logins = []

    @contextmanager
    def refuse(partner_id):
        logins.append(partner_id)
        raise PartnerRefusedLogin
        yield

    house.take("acme", FILE)
    house.refit(open_session=refuse)
    house.bill()
    for number in range(3):
        envelope = Envelope(number=f"{200 + number:09d}", asks_for_ta1=False)
        house.take("acme", envelope.around(enrollment(member(f"B{number}"), reference=f"{number}")))
    assert sorted({*logins}) == sorted(logins)  # the broker's folder has its own
    queued = house.rows("SELECT count(*) FROM documents WHERE partner_id = 'acme' AND state = 'queued'")
    assert [(5,)] == queued
    ((due,),) = house.rows("SELECT run_at FROM jobs WHERE subject = 'acme' AND state = 'todo'")
    assert due.startswith("2025-10-23 15:00")  # work.refused_login_pause_seconds later: the slow lane


def test_a_document_that_is_refused_does_not_stop_its_neighbours(house):
    house.take("acme", FILE)
    original = house.plant.open_session

    @contextmanager
    def refuse_csv(partner_id):
        with original(partner_id) as session:

            class Picky:
                def deliver(self, content, size_bytes, folder, name):
                    if name.endswith(".csv"):
                        raise RemoteRefused("no spreadsheets here")
                    return session.deliver(content, size_bytes, folder, name)

            yield Picky()

    house.refit(open_session=refuse_csv)
    house.bill()
    found = dict(house.rows("SELECT kind, state FROM documents WHERE partner_id = 'acme'"))
    assert {"999": "verified", "invoice_csv": "given_up", "invoice_json": "verified"} == found

"""Station 2: what is fetched, kept and put away, and what happens when the partner's side does not play along."""

import errno
import os
import resource
import time
from datetime import timedelta

import asyncssh
import pytest

from gateway.demo.server import SimulatedPartnersServer, UserLogin
from gateway.errors import ConnectionDropped, LimitExceeded
from gateway.pipeline.work import perform
from gateway.ports.jobs import Job, RetryAt
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.session import RemoteSession
from gateway.transport.sftp import open_sftp
from tests.faults.servers import path_of
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

PASSWORD = "the partner's password"


def file(number):
    """Return a file of one set; all have the same size."""
    return Envelope(number=f"{number:09d}").around(enrollment(member(f"A{number}"), reference=f"REF{number}"))


FIRST, SECOND, THIRD = file(101), file(102), file(103)


def names(house):
    return [name for (name,) in house.rows("SELECT name FROM files ORDER BY name")]


def outbox(house):
    return sorted(path.name for path in (house.mailboxes / "acme" / "outbox").iterdir() if path.is_file())


def processed(house):
    return sorted(path.read_bytes() for path in (house.mailboxes / "acme" / "outbox" / "processed").iterdir())


class RefusesTheBadOne(asyncssh.SFTPServer):
    """Lists every file and lets one of them not be read."""

    def open(self, path, pflags, attrs):
        if path.endswith(b"bad.834"):
            raise PermissionError(errno.EACCES, "no")
        return super().open(path, pflags, attrs)


class DropsTheLineAtTheBadOne(asyncssh.SFTPServer):
    """Drops the session whenever one of the files is read."""

    def read(self, file_obj, offset, size):
        if "bad" in path_of(file_obj).name:
            self.connection.abort()
        return super().read(file_obj, offset, size)


class RefusesToPutAway(asyncssh.SFTPServer):
    """Lets nothing be renamed."""

    def rename(self, oldpath, newpath):
        raise PermissionError(errno.EACCES, "no")


@pytest.fixture
def sftp(house):
    """Let acme's folder be served over SFTP by a server of the given faults."""
    running = []

    def serve(sftp_class):
        users = {"acme": UserLogin(password=PASSWORD)}
        server = SimulatedPartnersServer(house.mailboxes, users, sftp_class=sftp_class)
        running.append(server.start())
        endpoint = SftpEndpoint("127.0.0.1", server.port, "acme", (server.host_key_line,), password=PASSWORD)
        house.refit(open_session=lambda _: open_sftp(endpoint))

    yield serve
    for server in running:
        server.stop()


def test_a_file_is_received_when_two_looks_agree_and_only_then_put_away(house):
    house.drop("acme", "first.834", FIRST)
    look = house.app.poll("acme")
    assert (1, 1, []) == (look.seen, look.settling, look.received)
    assert ["first.834"] == outbox(house)
    look = house.app.poll("acme")
    assert (1, 0, 1) == (look.seen, look.settling, len(look.received))
    assert [] == outbox(house)
    assert [FIRST] == processed(house)


def test_a_file_that_grows_between_two_looks_waits_for_the_next(house):
    path = house.drop("acme", "first.834", FIRST[:100])
    house.app.poll("acme")
    path.write_bytes(FIRST)
    assert 1 == house.app.poll("acme").settling
    assert 1 == len(house.app.poll("acme").received)
    assert [(len(FIRST),)] == house.rows("SELECT size_bytes FROM files")


@pytest.mark.parametrize("name", ["first.834.part", "first.tmp", ".first.834"])
def test_what_a_partner_is_still_writing_is_not_seen(house, name):
    house.drop("acme", name, FIRST)
    assert 0 == house.poll("acme").seen


def test_an_empty_file_is_not_seen(house):
    house.drop("acme", "first.834", b"")
    assert 0 == house.poll("acme").seen


def test_files_are_taken_in_the_order_of_their_time(house):
    for number, name in enumerate(["z.834", "a.834", "m.834"]):
        os.utime(house.drop("acme", name, file(101 + number)), (number + 1_000_000_000,) * 2)
    house.poll("acme")
    assert ["z.834", "a.834", "m.834"] == [
        name for (name,) in house.rows("SELECT f.name FROM files f JOIN jobs j ON j.subject = f.id ORDER BY j.id")
    ]


def test_a_server_whose_clock_is_an_hour_ahead_is_believed(house):
    ahead = time.time() + 3600
    os.utime(house.drop("acme", "first.834", FIRST), (ahead, ahead))
    assert 1 == len(house.poll("acme").received)


def test_the_same_bytes_under_another_name_are_known_and_put_away(house):
    house.drop("acme", "first.834", FIRST)
    house.poll("acme")
    house.drop("acme", "again.834", FIRST)
    report = house.poll("acme")
    assert (0, 1) == (len(report.received), len(report.duplicates))
    assert ["first.834"] == names(house)
    assert [] == outbox(house)


def test_other_bytes_of_the_same_name_size_and_time_are_another_file(house):
    """Some servers tell no times, and some partners copy them: nothing is put away unread."""
    house.drop("acme", "daily.834", FIRST)
    house.poll("acme")
    house.drop("acme", "daily.834", SECOND)
    assert len(FIRST) == len(SECOND)
    house.poll("acme")
    assert sorted([FIRST, SECOND]) == processed(house)
    assert [(2,)] == house.rows("SELECT count(*) FROM log_events WHERE text LIKE 'Received%'")


def test_a_file_that_is_kept_on_the_partners_side_is_taken_once(house):
    house.agree("acme", pick_up={"after": "keep"})
    house.drop("acme", "first.834", FIRST)
    house.poll("acme")
    report = house.poll("acme")
    assert (1, [], []) == (report.seen, report.received, report.duplicates)
    assert ["first.834"] == outbox(house)


def test_a_file_that_is_to_be_deleted_is_gone_once_it_is_kept(house):
    house.agree("acme", pick_up={"after": "delete"})
    house.drop("acme", "first.834", FIRST)
    house.poll("acme")
    assert [] == outbox(house)
    ((kept,),) = house.rows("SELECT kept_path FROM files")
    assert FIRST == (house.home.path / kept).read_bytes()


def test_a_file_over_the_limit_stays_where_it_is_with_one_incident_and_its_neighbours_are_taken(house):
    house.agree("acme", pick_up={"max_bytes": len(FIRST)})
    house.drop("acme", "a-large.834", FIRST + b"\n")
    house.drop("acme", "b-small.834", SECOND)
    house.poll("acme")
    house.poll("acme")
    assert ["b-small.834"] == names(house)
    assert ["a-large.834"] == outbox(house)
    assert [("file_too_large", "acme")] == house.incidents()


def test_a_file_handed_over_is_held_to_our_own_limit(house):
    limits = house.plant.settings.limits.model_copy(update={"file_bytes": 10})
    house.refit(settings=house.plant.settings.model_copy(update={"limits": limits}))
    with pytest.raises(LimitExceeded):
        house.take("acme", FIRST)


def test_a_file_that_is_refused_to_us_is_told_once_and_its_neighbours_are_taken(house, sftp):
    sftp(RefusesTheBadOne)
    house.drop("acme", "a-bad.834", FIRST)
    house.drop("acme", "b-good.834", SECOND)
    house.poll("acme")
    house.poll("acme")
    assert ["b-good.834"] == names(house)
    assert [("file_refused", "acme")] == house.incidents()
    ((message,),) = house.rows("SELECT message FROM incidents")
    assert "a-bad" not in message


def test_files_that_drop_the_line_do_not_keep_their_neighbours_from_being_taken(house, sftp):
    sftp(DropsTheLineAtTheBadOne)
    for name, content in (("a-bad.834", FIRST), ("b-bad.834", SECOND), ("c-good.834", THIRD)):
        house.drop("acme", name, content)
    house.app.poll("acme")
    with pytest.raises(ConnectionDropped):
        house.app.poll("acme")
    assert ["c-good.834"] == names(house)
    look = Job("poll", "acme", lock="poll/acme")
    assert isinstance(perform(house.plant, look, 1), RetryAt)


def test_a_partner_that_lets_nothing_be_put_away_is_told_of_and_its_files_are_worked_on_once(house, sftp):
    sftp(RefusesToPutAway)
    house.drop("acme", "first.834", FIRST)
    house.drop("acme", "second.834", SECOND)
    house.poll("acme")
    house.poll("acme")
    assert ["first.834", "second.834"] == names(house)
    assert ["first.834", "second.834"] == outbox(house)
    assert [("file_refused", "acme")] * 2 == house.incidents()
    assert [(0,)] == house.rows("SELECT count(*) FROM arrivals WHERE is_duplicate OR put_away")


def test_a_file_somebody_else_took_away_is_written_down_as_gone(house, sftp):
    sftp(RefusesToPutAway)
    path = house.drop("acme", "first.834", FIRST)
    house.poll("acme")
    path.unlink()
    house.app.poll("acme")
    assert [(1,)] == house.rows("SELECT put_away FROM arrivals")


def test_a_file_of_a_gigabyte_is_taken_in_bounded_memory(house):
    """LESSONS 6: sizes that no test usually tries; the file is sparse, so that only its reading costs."""
    gigabyte = 1 << 30
    with (house.mailboxes / "acme" / "outbox" / "large.834").open("wb") as file:
        file.truncate(gigabyte)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert 1 == len(house.poll("acme").received)
    assert [(gigabyte,)] == house.rows("SELECT size_bytes FROM files")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


# --- when a file is whole


HOUR = timedelta(hours=1)


def test_a_file_that_breaks_off_waits_for_its_rest_and_is_then_taken_whole_and_once(house):
    """Two equal sightings are a guess, and X12's own end is not: the upload had stalled (OpenAS2, MuleSoft)."""
    half, whole = FIRST[: len(FIRST) // 2], FIRST
    house.drop("acme", "first.834", half)
    for _ in range(3):
        house.clock.instant += HOUR / 4
        report = house.app.poll("acme")
        assert (1, []) == (report.settling, report.received)
    assert [] == names(house)
    house.clock.instant += HOUR / 4
    house.drop("acme", "first.834", whole)
    house.poll("acme")
    house.work()
    assert [("applied",)] == house.rows("SELECT state FROM transaction_sets")
    assert [whole] == processed(house)
    assert [] == house.incidents()


def test_a_file_whose_rest_never_comes_is_taken_loudly_and_rejected_with_its_reason(house):
    house.drop("acme", "first.834", FIRST[: len(FIRST) // 2])
    house.poll("acme")
    house.clock.instant += HOUR
    assert 1 == len(house.app.poll("acme").received)
    house.work()
    assert [("file_unfinished", "acme")] == house.incidents()
    ((ta1,),) = [[each for each in answer if each.startswith("TA1")] for answer in house.answers("acme", "TA1")]
    assert ta1.endswith("*R*023")
    assert [("refused",)] == house.rows("SELECT DISTINCT state FROM transaction_sets")


def test_a_file_that_lies_there_broken_off_is_not_fetched_again_at_every_look(house, monkeypatch):
    fetched = []
    fetch = RemoteSession.fetch
    monkeypatch.setattr(
        RemoteSession, "fetch", lambda session, remote, into: fetched.append(remote) or fetch(session, remote, into)
    )
    house.drop("acme", "first.834", FIRST[:200])
    for _ in range(5):
        house.clock.instant += HOUR / 10
        house.app.poll("acme")
    assert 1 == len(fetched)


def test_a_file_is_taken_with_its_marker_and_both_are_put_away(house):
    house.agree("acme", pick_up={"marker": "{name}.ok"})
    house.drop("acme", "first.834", FIRST)
    assert [] == house.poll("acme").received
    house.drop("acme", "first.834.ok", b"")
    assert 1 == len(house.app.poll("acme").received)
    assert [] == outbox(house)
    assert [b"", FIRST] == sorted(processed(house))


def test_empty_and_unmarked_files_are_told_of_once_and_over_when_they_are_gone(house):
    house.agree("acme", pick_up={"marker": "{name}.ok"})
    unmarked, empty = house.drop("acme", "a.834", FIRST), house.drop("acme", "b.834", b"")
    house.drop("acme", "b.834.ok", b"")
    house.poll("acme")
    assert [] == house.incidents()
    house.clock.instant += HOUR
    house.poll("acme")
    assert [("file_empty", "acme"), ("file_unmarked", "acme")] == house.incidents()
    unmarked.unlink()
    house.app.poll("acme")
    assert [("file_empty", "acme")] == house.incidents()
    empty.unlink()
    house.app.poll("acme")
    assert [] == house.incidents()


def test_an_incident_about_a_file_that_was_too_large_is_over_when_it_is_gone(house):
    house.agree("acme", pick_up={"max_bytes": 10})
    path = house.drop("acme", "first.834", FIRST)
    house.poll("acme")
    assert [("file_too_large", "acme")] == house.incidents()
    path.unlink()
    house.app.poll("acme")
    assert [] == house.incidents()

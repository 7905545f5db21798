"""Pick-up from servers with a fault: the exact error, no half file taken for a whole one, and nothing lost."""

import io
import os
from datetime import UTC, datetime

import pytest

from gateway.errors import ConnectionDropped, RemoteFileGone, RemoteRefused, TransferIncomplete
from tests.faults import servers

CONTENT = os.urandom(10_000_000)  # more than all reads under way
SHORT = b"ISA*00*~"
MONDAY = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())


@pytest.fixture
def dropped(partner):
    """Start a server with one file in its folder, last changed on Monday."""

    def start(fault, content=CONTENT):
        acme = partner(fault)
        acme.drop("834.edi", content)
        os.utime(acme.folder / "834.edi", (MONDAY, MONDAY))
        return acme

    return start


def fetch(acme, **changes) -> bytes:
    into = io.BytesIO()
    with acme.session(**changes) as session:
        (listed,) = session.list_files("/")
        assert session.fetch(listed, into) == len(into.getvalue())
    return into.getvalue()


@pytest.mark.parametrize("content", [CONTENT, SHORT], ids=["long", "short"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (servers.ListsLargerSizes, TransferIncomplete),
        (servers.ListsSmallerSizes, TransferIncomplete),
        (servers.TellsLargerSizes, TransferIncomplete),
        (servers.TellsSmallerSizes, TransferIncomplete),
        (servers.GrowsWhileRead, TransferIncomplete),
        (servers.NeverEnds, TransferIncomplete),
        (servers.ReplacedWhileRead, TransferIncomplete),
        (servers.TakenWhileRead, RemoteFileGone),
    ],
)
def test_a_file_that_is_not_what_was_listed_is_not_taken(dropped, fault, error, content):
    acme = dropped(fault, content)
    into = io.BytesIO()
    with acme.session() as session:
        (listed,) = session.list_files("/")
        with pytest.raises(error) as raised:
            session.fetch(listed, into)
    assert error is type(raised.value)
    assert len(into.getvalue()) <= listed.size_bytes


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (servers.RefusesReads, RemoteRefused),
        (servers.CutsTheLineWhileGetting, ConnectionDropped),
        (servers.StallsWhileGetting, ConnectionDropped),
    ],
)
def test_a_transfer_that_breaks_is_an_error_and_the_file_stays_where_it_is(dropped, fault, error):
    acme = dropped(fault)
    with pytest.raises(error) as raised:
        fetch(acme, timeout_seconds=0.5)
    assert error is type(raised.value)
    assert {"834.edi": CONTENT} == acme.files


@pytest.mark.parametrize("fault", [servers.GivesLittleAtATime, servers.TellsNoSizes, servers.TellsOnlySizes])
def test_an_odd_but_honest_server_gives_the_whole_file(dropped, fault):
    assert CONTENT[:300_001] == fetch(dropped(fault, CONTENT[:300_001]))


@pytest.mark.parametrize("fault", [servers.TellsNoSizes, servers.TellsOnlySizes, servers.ListsOnlyNames])
def test_a_file_that_little_is_told_of_is_put_away(dropped, fault):
    acme = dropped(fault, b"ISA")
    with acme.session() as session:
        (listed,) = session.list_files("/")
        assert 3 == session.fetch(listed, io.BytesIO())
        session.put_away(listed, "/processed")
    assert {"processed/834.edi": b"ISA"} == acme.files


def test_a_server_whose_clock_is_an_hour_ahead_is_judged_by_its_own_clock(dropped):
    acme = dropped(servers.ClockAnHourAhead, b"ISA")
    with acme.session() as session:
        first, second = session.list_files("/"), session.list_files("/")
        assert first == second
        assert MONDAY + servers.HOUR == first[0].modified_at
        assert 3 == session.fetch(first[0], io.BytesIO())
        assert "/processed/834.edi" == session.put_away(first[0], "/processed")


def test_a_file_of_no_bytes_is_listed_and_fetched_as_such(dropped):
    assert b"" == fetch(dropped(servers.GivesLittleAtATime, b""))


def test_a_refused_listing_is_an_error_and_no_quiet_night(partner):
    with partner(servers.RefusesListings).session() as session, pytest.raises(RemoteRefused):
        session.list_files("/")


@pytest.mark.parametrize("fault", [servers.RefusesRenames, servers.RefusesFolders])
def test_a_refused_put_away_is_an_error_and_the_file_stays_where_it_is(dropped, fault):
    acme = dropped(fault, b"ISA")
    with acme.session() as session, pytest.raises(RemoteRefused):
        session.put_away(session.list_files("/")[0], "/processed")
    assert {"834.edi": b"ISA"} == acme.files


def test_an_archive_name_that_is_taken_at_the_last_moment_is_not_overwritten(dropped):
    acme = dropped(servers.TakesTheArchiveNameFirst, b"ISA")
    with acme.session() as session:
        assert "/processed/834-20261123T000000Z.edi" == session.put_away(session.list_files("/")[0], "/processed")
    assert {"processed/834.edi": b"other bytes", "processed/834-20261123T000000Z.edi": b"ISA"} == acme.files


def test_a_server_whose_rename_overwrites_loses_nothing_that_was_put_away(dropped):
    acme = dropped(servers.RenamesOverWhatIsThere, b"ISA")
    (acme.folder / "processed").mkdir()
    acme.drop("processed/834.edi", b"an earlier one")
    with acme.session() as session:
        session.put_away(session.list_files("/")[0], "/processed")
    assert {"processed/834.edi": b"an earlier one", "processed/834-20261123T000000Z.edi": b"ISA"} == acme.files


def test_two_nodes_may_make_the_folder_for_what_is_put_away_at_once(dropped):
    acme = dropped(servers.AnotherNodeMakesTheFolder, b"ISA")
    with acme.session() as session:
        assert "/processed/834.edi" == session.put_away(session.list_files("/")[0], "/processed")


def test_a_refused_removal_is_an_error(dropped):
    acme = dropped(servers.AppendsAndRefusesRemovals, b"ISA")
    with acme.session() as session, pytest.raises(RemoteRefused):
        session.delete(session.list_files("/")[0])
    assert {"834.edi": b"ISA"} == acme.files


def test_after_a_refusal_the_session_goes_on_with_the_next_file(dropped):
    acme = dropped(servers.RefusesReads)
    acme.drop("zz.edi", b"ISA")
    with acme.session() as session:
        small, large = sorted(session.list_files("/"), key=lambda listed: listed.size_bytes)
        with pytest.raises(RemoteRefused):
            session.fetch(large, io.BytesIO())
        assert 3 == session.fetch(small, io.BytesIO())
        assert 0 == servers.RefusesReads.held

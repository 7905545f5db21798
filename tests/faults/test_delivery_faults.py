"""Delivery to servers with a fault: the exact error, and never half a file or a lost one under a final name."""

import hashlib
import io
import os

import pytest

from gateway.domain.exchange import DeliveryReceipt
from gateway.errors import ConnectionDropped, RemoteRefused, TransferIncomplete
from tests.faults import servers

DOCUMENT = os.urandom(5_000_000)  # more than all writes under way
SHORT = b"ISA*00*~"
LEFTOVER = f".999.edi.part-{hashlib.sha256(SHORT).hexdigest()[:8]}"  # of an interrupted delivery of the short one


def deliver(partner, content=DOCUMENT, **changes) -> DeliveryReceipt:
    with partner.session(**changes) as session:
        return session.deliver(io.BytesIO(content), len(content), "/", "999.edi")


@pytest.mark.parametrize("content", [DOCUMENT, SHORT], ids=["long", "short"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (servers.RefusesWrites, RemoteRefused),
        (servers.QuotaSeenAtClose, RemoteRefused),
        (servers.RefusesRenames, RemoteRefused),
        (servers.LosesTemporaryFiles, TransferIncomplete),
        (servers.TellsLargerSizes, TransferIncomplete),
        (servers.TellsSmallerSizes, TransferIncomplete),
    ],
)
def test_a_server_that_does_not_take_a_document_is_an_error_and_nothing_stays_there(partner, fault, error, content):
    acme = partner(fault)
    with pytest.raises(error) as raised:
        deliver(acme, content)
    assert error is type(raised.value)
    assert {} == acme.files


@pytest.mark.parametrize(
    ("fault", "error"), [(servers.DiskFull, RemoteRefused), (servers.KeepsLessThanItTook, TransferIncomplete)]
)
@pytest.mark.parametrize("size", [40_000, 5_000_000], ids=["the last of two writes fails", "most of the writes fail"])
def test_a_disk_that_fills_up_never_looks_like_success(partner, fault, error, size):
    acme = partner(fault)
    with pytest.raises(error) as raised:
        deliver(acme, DOCUMENT[:size])
    assert error is type(raised.value)
    assert {} == acme.files


@pytest.mark.parametrize("fault", [servers.CutsTheLineWhilePutting, servers.StallsWhilePutting])
def test_a_delivery_that_breaks_leaves_nothing_under_the_final_name_and_the_next_one_succeeds(partner, fault):
    acme = partner(fault)
    with pytest.raises(ConnectionDropped):
        deliver(acme, timeout_seconds=0.5)
    assert "999.edi" not in acme.files
    acme.server.stop()
    healthy = partner()
    assert DeliveryReceipt("/999.edi", len(DOCUMENT)) == deliver(healthy)
    assert {"999.edi": DOCUMENT} == healthy.files


def test_a_line_that_breaks_after_the_rename_is_resolved_by_delivering_again(partner):
    acme = partner(servers.CutsTheLineAfterTheRename)
    with pytest.raises(ConnectionDropped):
        deliver(acme)
    assert {"999.edi": DOCUMENT} == acme.files
    assert DeliveryReceipt("/999.edi", len(DOCUMENT)) == deliver(acme)
    assert {"999.edi": DOCUMENT} == acme.files


def test_a_server_that_tells_no_size_is_proved_by_reading_back(partner):
    acme = partner(servers.TellsNoSizes)
    assert DeliveryReceipt("/999.edi", len(DOCUMENT)) == deliver(acme)
    assert {"999.edi": DOCUMENT} == acme.files


def test_a_server_that_appends_is_given_a_new_file(partner):
    acme = partner(servers.AppendsAlways)
    acme.drop(LEFTOVER, b"left over")
    deliver(acme, SHORT)
    assert {"999.edi": SHORT} == acme.files


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (servers.KeepsWhatWasRemoved, RemoteRefused),
        (servers.AppendsAndKeepsEverything, TransferIncomplete),
        (servers.AppendsAndRefusesRemovals, RemoteRefused),
    ],
)
def test_a_leftover_that_cannot_be_removed_never_gets_the_final_name(partner, fault, error):
    acme = partner(fault)
    acme.drop(LEFTOVER, b"left over")
    with pytest.raises(error) as raised:
        deliver(acme, SHORT)
    assert error is type(raised.value)
    assert "999.edi" not in acme.files


def test_a_server_whose_rename_overwrites_is_not_let(partner):
    acme = partner(servers.RenamesOverWhatIsThere)
    acme.drop("999.edi", b"an earlier one")
    with pytest.raises(RemoteRefused, match="taken by other bytes"):
        deliver(acme)
    assert {"999.edi": b"an earlier one"} == acme.files


def test_a_name_that_someone_takes_at_the_last_moment_is_refused(partner):
    acme = partner(servers.OtherBytesComeFirst)
    with pytest.raises(RemoteRefused, match="taken by other bytes"):
        deliver(acme)
    assert {"999.edi": b"other bytes"} == acme.files


def test_two_nodes_that_deliver_one_document_both_get_its_receipt(partner):
    acme = partner(servers.OurOwnBytesComeFirst)
    assert DeliveryReceipt("/999.edi", len(DOCUMENT)) == deliver(acme)
    assert {"999.edi": DOCUMENT} == acme.files


def test_a_partner_who_takes_the_file_at_once_has_it(partner):
    acme = partner(servers.TakesTheFileAtOnce)
    assert DeliveryReceipt("/999.edi", len(DOCUMENT)) == deliver(acme)


def test_a_file_that_is_cut_while_it_is_renamed_is_not_a_delivery(partner):
    with pytest.raises(TransferIncomplete):
        deliver(partner(servers.CutsWhileRenaming))

"""What every session with a partner does, be it a folder, the embedded server or a real OpenSSH."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.demo.server import SimulatedPartnersServer, UserLogin
from gateway.domain.exchange import DeliveryReceipt, RemoteFile
from gateway.errors import (
    ArchiveError,
    ConfigurationError,
    KeptBytesDiffer,
    RemoteFileGone,
    RemoteRefused,
    TransferIncomplete,
)
from gateway.ports.transport import Session
from gateway.transport.chunks import CHUNK_BYTES
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.folder import open_folder
from gateway.transport.sftp import open_sftp
from tests.acceptance.openssh import openssh_server  # noqa: F401 (a fixture)

MONDAY = 1_795_000_000
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 300_000]


@dataclass(frozen=True)
class Place:
    """A partner's disk, seen from both sides: `local` is ours to prepare, `remote` is what the session calls it."""

    local: Path
    remote: str
    open: Callable[[], AbstractContextManager[Session]]

    def drop(self, name: str, content: bytes, modified_at: int = MONDAY) -> RemoteFile:
        """Put a file there as the partner would, and return it as it would be listed."""
        path = self.local / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o777)
        path.write_bytes(content)
        path.chmod(0o666)
        os.utime(path, (modified_at, modified_at))
        return RemoteFile(f"{self.remote}/{name}", len(content), modified_at)

    @property
    def files(self) -> dict[str, bytes]:
        """Every file there, by its name below the place."""
        return {
            str(path.relative_to(self.local)): path.read_bytes() for path in self.local.rglob("*") if path.is_file()
        }


@pytest.fixture(scope="module")
def embedded_server(tmp_path_factory) -> Iterator[SimulatedPartnersServer]:
    root = tmp_path_factory.mktemp("partners")
    with SimulatedPartnersServer(root, {"acme": UserLogin(password="a password")}) as server:
        yield server


@pytest.fixture(params=["folder", "embedded", "openssh"])
def place(request, tmp_path) -> Place:
    if request.param == "folder":
        (tmp_path / "mailbox").mkdir()
        return Place(tmp_path / "mailbox", "/mailbox", lambda: open_folder(tmp_path))
    own = tmp_path.name  # one folder for each test on a server that they share
    if request.param == "embedded":
        server = request.getfixturevalue("embedded_server")
        endpoint = SftpEndpoint("127.0.0.1", server.port, "acme", (server.host_key_line,), password="a password")
        local, remote = server.root / "acme" / own, f"/{own}"
        local.mkdir()
    else:
        server = request.getfixturevalue("openssh_server")
        endpoint = server.endpoint
        local = server.make_folder(own)
        remote = str(local)
    return Place(local, remote, lambda: open_sftp(endpoint))


@pytest.fixture
def session(place) -> Iterator[Session]:
    with place.open() as session:
        yield session


def fetched(session: Session, remote: RemoteFile) -> bytes:
    into = io.BytesIO()
    assert session.fetch(remote, into) == len(into.getvalue())
    return into.getvalue()


# --- listing


def test_a_listing_names_plain_files_oldest_first_with_size_and_the_servers_time(place, session):
    late = place.drop("late.edi", b"ISA*late", MONDAY + 60)
    early = place.drop("zz-early.edi", b"ISA", MONDAY)
    assert [early, late] == session.list_files(place.remote)


def test_files_of_the_same_second_are_listed_by_name(place, session):
    second, first = place.drop("b.edi", b"2"), place.drop("a.edi", b"1")
    assert [first, second] == session.list_files(place.remote)


def test_folders_and_links_are_not_listed(place, session):
    wanted = place.drop("834.edi", b"ISA")
    place.drop("folder/inside.edi", b"ISA")
    (place.local / "link.edi").symlink_to(place.local / "834.edi")
    assert [wanted] == session.list_files(place.remote)


def test_an_empty_folder_lists_nothing(place, session):
    assert [] == session.list_files(place.remote)


def test_a_folder_that_is_not_there_is_refused_not_empty(place, session):
    with pytest.raises(RemoteRefused, match="has no folder"):
        session.list_files(f"{place.remote}/nowhere")


def test_a_name_that_is_not_utf8_hides_no_neighbour_and_is_picked_up_itself(place, session):
    neighbour = place.drop("834.edi", b"ISA", MONDAY + 60)
    odd = Path(os.fsdecode(os.fsencode(place.local) + b"/Pr\xe4mie.edi"))
    odd.write_bytes(b"ISA*odd")
    os.utime(odd, (MONDAY, MONDAY))
    listed = session.list_files(place.remote)
    assert [RemoteFile(f"{place.remote}/Pr\\xe4mie.edi", 7, MONDAY), neighbour] == listed
    assert b"ISA*odd" == fetched(session, listed[0])
    assert f"{place.remote}/done/Pr\\xe4mie.edi" == session.put_away(listed[0], f"{place.remote}/done")
    assert {"834.edi", "done/Pr\\xe4mie.edi"} == set(place.files)


# --- fetching


@pytest.mark.parametrize("size", SIZES)
def test_a_fetched_file_has_the_bytes_of_the_remote_one(place, session, size):
    content = os.urandom(size)
    assert content == fetched(session, place.drop("834.edi", content))


def test_a_file_larger_than_all_requests_under_way_is_fetched_whole(place, session):
    content = os.urandom(10_000_000)
    assert content == fetched(session, place.drop("834.edi", content))


@pytest.mark.parametrize(
    ("now", "modified_at"),
    [
        pytest.param(b"ISA*grown", MONDAY + 1, id="grown"),
        pytest.param(b"ISA*grown", MONDAY, id="grown within the second"),
        pytest.param(b"IS", MONDAY + 1, id="shorter"),
        pytest.param(b"ABC", MONDAY + 1, id="replaced by another of its size"),
    ],
)
def test_a_file_that_is_not_as_listed_is_not_fetched(place, session, now, modified_at):
    listed = place.drop("834.edi", b"ISA")
    place.drop("834.edi", now, modified_at)
    with pytest.raises(TransferIncomplete):
        session.fetch(listed, io.BytesIO())


def test_a_file_that_someone_else_took_is_gone(place, session):
    listed = place.drop("834.edi", b"ISA")
    (place.local / "834.edi").unlink()
    with pytest.raises(RemoteFileGone):
        session.fetch(listed, io.BytesIO())


def test_a_full_disk_on_our_side_is_not_the_partners_fault(place, session):
    listed = place.drop("834.edi", b"ISA")
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(ArchiveError, match="No space left"):
        session.fetch(listed, full)


# --- putting away and deleting


def test_a_file_is_put_away_into_a_folder_that_is_made_when_missing(place, session):
    listed = place.drop("834.edi", b"ISA")
    assert f"{place.remote}/processed/2026/834.edi" == session.put_away(listed, f"{place.remote}/processed/2026")
    assert {"processed/2026/834.edi": b"ISA"} == place.files


def test_files_of_one_name_are_all_kept_where_they_are_put_away(place, session):
    for content in (b"first", b"second", b"third"):
        session.put_away(place.drop("834.edi", content, 1_795_234_806), f"{place.remote}/processed")
    expected = {
        "processed/834.edi": b"first",
        "processed/834-20261121T042006Z.edi": b"second",
        "processed/834-20261121T042006Z-2.edi": b"third",
    }
    assert expected == place.files


@pytest.mark.parametrize("work", ["put_away", "delete"])
@pytest.mark.parametrize(("now", "modified_at"), [(b"ISA*2", MONDAY + 1), (b"ISA*20", MONDAY)], ids=["later", "larger"])
def test_a_file_that_came_under_the_same_name_meanwhile_is_left_alone(place, session, work, now, modified_at):
    listed = place.drop("834.edi", b"ISA*1")
    place.drop("834.edi", now, modified_at)
    if work == "put_away":
        with pytest.raises(RemoteFileGone):
            session.put_away(listed, f"{place.remote}/processed")
    else:
        session.delete(listed)
    assert {"834.edi": now} == place.files


def test_a_file_that_is_gone_cannot_be_put_away(place, session):
    with pytest.raises(RemoteFileGone):
        session.put_away(RemoteFile(f"{place.remote}/834.edi", 3, MONDAY), f"{place.remote}/processed")


def test_deleting_removes_the_file_and_twice_is_no_error(place, session):
    listed = place.drop("834.edi", b"ISA")
    session.delete(listed)
    session.delete(listed)
    assert {} == place.files


# --- delivering


def deliver(session: Session, place: Place, content: bytes, name: str = "999.edi") -> DeliveryReceipt:
    return session.deliver(io.BytesIO(content), len(content), place.remote, name)


@pytest.mark.parametrize("size", SIZES)
def test_a_delivered_document_has_our_bytes_and_leaves_nothing_else(place, session, size):
    content = os.urandom(size)
    assert DeliveryReceipt(f"{place.remote}/999.edi", size) == deliver(session, place, content)
    assert {"999.edi": content} == place.files


def test_a_document_larger_than_all_requests_under_way_arrives_whole(place, session):
    content = os.urandom(10_000_000)
    deliver(session, place, content)
    assert {"999.edi": content} == place.files


def test_a_delivery_that_is_repeated_gives_its_receipt_again(place, session):
    assert deliver(session, place, b"ISA*ack") == deliver(session, place, b"ISA*ack")
    assert {"999.edi": b"ISA*ack"} == place.files


@pytest.mark.parametrize("there", [b"other", b"another size", b""])
def test_a_name_taken_by_other_bytes_is_refused_and_nothing_is_overwritten(place, session, there):
    place.drop("999.edi", there)
    with pytest.raises(RemoteRefused, match="taken by other bytes"):
        deliver(session, place, b"bytes")
    assert {"999.edi": there} == place.files


def test_what_an_interrupted_delivery_left_is_replaced_not_appended_to(place, session):
    leftover = ".999.edi.part-277089d9"  # SHA-256 of b"bytes" begins so
    place.drop(leftover, b"by")
    deliver(session, place, b"bytes")
    assert {"999.edi": b"bytes"} == place.files


def test_a_delivery_into_a_folder_that_is_not_there_is_refused(place, session):
    with pytest.raises(RemoteRefused, match="has no folder"):
        session.deliver(io.BytesIO(b"ISA"), 3, f"{place.remote}/nowhere", "999.edi")


@pytest.mark.parametrize("name", ["", ".", "..", "../999.edi", "a/b.edi", "a\0b"])
def test_a_document_name_that_is_no_file_name_is_refused_before_anything_is_sent(place, session, name):
    with pytest.raises(ConfigurationError):
        deliver(session, place, b"ISA", name)
    assert {} == place.files


def test_a_document_whose_kept_bytes_are_not_complete_is_not_sent(place, session):
    with pytest.raises(KeptBytesDiffer):
        session.deliver(io.BytesIO(b"ISA"), 4, place.remote, "999.edi")
    assert {} == place.files


# --- looking


def test_the_size_of_a_file_is_known_and_what_is_no_file_has_none(place, session):
    place.drop("folder/834.edi", b"ISA")
    assert 3 == session.size_of(f"{place.remote}/folder/834.edi")
    assert session.size_of(f"{place.remote}/folder/820.edi") is None
    assert session.size_of(f"{place.remote}/folder") is None

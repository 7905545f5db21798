"""The regression list of LESSONS 6, seen from the gateway: while a fault lasts, after it, and what it cost in the end.

A file is dropped (or a document is due) at a server with one fault, the gateway looks and works as its daemon would,
then the server is mended. In the end nothing is lost and nothing was done twice: one file, each member once, one
answer with the bytes that we keep. `python -m pytest tests/faults/test_every_fault.py -v` is the table.
"""

import asyncio
import errno
from dataclasses import replace

import asyncssh
import pytest

from gateway.demo.server import SimulatedPartnersServer, UserLogin
from gateway.pipeline.watch import watch
from gateway.pipeline.work import perform
from gateway.ports.jobs import Job
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.sftp import open_sftp
from tests.faults import servers
from tests.unit.pipeline.house import _template, house, make_house
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

__all__ = ["_template", "house", "make_house"]

PASSWORD = "the partner's password"
MEMBERS = [f"A{number:03d}" for number in range(60)]
FILE = Envelope(asks_for_ta1=False).around(enrollment(*map(member, MEMBERS)))
LOOK = Job("poll", "acme", lock="poll/acme")
assert len(FILE) > 2 * servers.A_BIT


class HoldsBackTheEnd(servers.Partner):
    """An upload that stalls: for now the file ends in the middle, and its size and time do not change."""

    async def scandir(self, path):
        async for name in super().scandir(path):
            if name.filename.endswith(b".834"):
                name.attrs.size = len(FILE) // 2
            yield name

    def lstat(self, path):
        attrs = asyncssh.SFTPAttrs.from_local(super().lstat(path))
        if path.endswith(b".834"):
            attrs.size = len(FILE) // 2
        return attrs

    def read(self, file_obj, offset, size):
        if servers.path_of(file_obj).suffix == ".834":
            size = max(0, min(size, len(FILE) // 2 - offset))
            return super().read(file_obj, offset, size) if size else b""
        return super().read(file_obj, offset, size)


class ListsTwice(asyncssh.SFTPServer):
    """Names every file twice in one listing."""

    async def scandir(self, path):
        async for name in super().scandir(path):
            yield name
            yield name


class ListsWhatIsNotThere(asyncssh.SFTPServer):
    """Names a file that is long gone, before those that are there."""

    async def scandir(self, path):
        yield asyncssh.SFTPName(b"gone.834", attrs=asyncssh.SFTPAttrs(type=1, size=10, permissions=0o100644, mtime=1))
        async for name in super().scandir(path):
            yield name


class RefusesToPutAway(servers.Partner):
    """Lets nothing be moved out of the folder we pick up from."""

    def rename(self, oldpath, newpath):
        if b"outbox" in oldpath:
            raise PermissionError(errno.EACCES, "rename refused")
        super().rename(oldpath, newpath)


class TakesTheArchiveNameFirst(servers.TakesTheArchiveNameFirst):
    """Somebody else takes the first name under which a file is put away."""

    def rename(self, oldpath, newpath):
        if b"processed" in newpath:
            super().rename(oldpath, newpath)
        else:
            asyncssh.SFTPServer.rename(self, oldpath, newpath)


class ClosesAtOnce(asyncssh.SFTPServer):
    """Lets us in and ends the session."""

    def __init__(self, chan, chroot):
        super().__init__(chan, chroot)
        self.connection.abort()


class AnswersLate(asyncssh.SFTPServer):
    """Takes longer for a listing than we wait for an answer."""

    async def scandir(self, path):
        await asyncio.Event().wait()
        yield


class Server:
    """Acme's server, which may have a fault, be down, change its key or forget our password."""

    def __init__(self, house):
        self.house = house
        self.running = None

    def start(self, sftp_class=servers.Partner, *, password=PASSWORD, pinned=None):
        self.stop()
        users = {"acme": UserLogin(password=password)}
        self.running = SimulatedPartnersServer(self.house.mailboxes, users, sftp_class=sftp_class).start()
        keys = (pinned or self.running.host_key_line,)
        endpoint = SftpEndpoint("127.0.0.1", self.running.port, "acme", keys, password=PASSWORD, timeout_seconds=1)
        self.house.refit(open_session=lambda _: open_sftp(endpoint))

    def stop(self):
        if self.running:
            self.running.stop()


@pytest.fixture
def server(house):
    made = Server(house)
    yield made
    made.stop()


ANOTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5hPlS6uoQvYkMqWH5D9HFZwOeHfcvdnHVYYVbVzYLg"


def look(house, times):
    """Look as the daemon does, each slot some minutes after the one before, and do the work that is due."""
    for _ in range(times):
        house.clock.instant = house.clock.instant.replace(minute=(house.clock.instant.minute + 5) % 60)
        perform(house.plant, LOOK, 1)
        house.work()


def cost(house):
    """Return files received, memberships, answers in the partner's folder, and documents."""
    ((files,),) = house.rows("SELECT count(*) FROM files")
    ((members,),) = house.rows("SELECT count(*) FROM memberships")
    ((documents,),) = house.rows("SELECT count(*) FROM documents WHERE partner_id = 'acme'")
    return files, members, len(house.answers("acme", "999")), documents


# --- what comes

PICK_UP = {
    "a read that is refused": (servers.RefusesReads, "file_refused"),
    "a session dropped in the middle of a get": (servers.CutsTheLineWhileGetting, None),
    "a get that stalls": (servers.StallsWhileGetting, None),
    "a get that never ends": (servers.NeverEnds, None),
    "a listing that is refused": (servers.RefusesListings, "poll_given_up"),
    "a listing that never comes": (AnswersLate, None),
    "a session that ends at once": (ClosesAtOnce, None),
    "sizes larger than the data": (servers.TellsLargerSizes, None),
    "sizes smaller than the data": (servers.TellsSmallerSizes, None),
    "a listing that lies upwards": (servers.ListsLargerSizes, None),
    "a listing that lies downwards": (servers.ListsSmallerSizes, None),
    "a listing that names files twice": (ListsTwice, None),
    "a listing that names what is gone": (ListsWhatIsNotThere, None),
    "no sizes": (servers.TellsNoSizes, None),
    "no times": (servers.TellsOnlySizes, None),
    "names only": (servers.ListsOnlyNames, None),
    "a clock that is an hour ahead": (servers.ClockAnHourAhead, None),
    "little at a time": (servers.GivesLittleAtATime, None),
    "an upload that stalls in the middle": (HoldsBackTheEnd, None),
    "a file that may not be put away": (RefusesToPutAway, "file_refused"),
    "a folder that may not be made": (servers.RefusesFolders, "file_refused"),
    "an archive name that somebody takes first": (TakesTheArchiveNameFirst, None),
    "a rename that overwrites": (servers.RenamesOverWhatIsThere, None),
    "a login script that talks": (servers.TalksFirst, "poll_given_up"),
}


@pytest.mark.parametrize("fault", PICK_UP)
def test_a_file_comes_whole_and_once_whatever_the_server_did_meanwhile(house, server, fault):
    sftp_class, told = PICK_UP[fault]
    server.start(sftp_class)
    path = house.drop("acme", "first.834", FILE)
    path.chmod(0o666)
    look(house, 3)
    assert not told or (told, "acme") in house.incidents()
    server.start()
    look(house, 4)
    assert (1, len(MEMBERS), 1, 1) == cost(house)
    ((kept,),) = house.rows("SELECT kept_path FROM files")
    assert FILE == (house.home.path / kept).read_bytes()
    assert not path.exists()
    processed = house.mailboxes / "acme" / "outbox" / "processed"
    assert FILE in [each.read_bytes() for each in processed.iterdir()]
    watch(house.plant, "acme")
    assert [] == house.incidents()  # what was told is over


@pytest.mark.parametrize("fault", ["down", "another host key", "a refused login"])
def test_a_file_waits_behind_a_closed_door_and_comes_when_it_opens(house, server, fault):
    house.drop("acme", "first.834", FILE)
    if fault == "down":
        server.start()
        server.stop()
    else:
        server.start(**{"another host key": {"pinned": ANOTHER_KEY}, "a refused login": {"password": "another"}}[fault])
    look(house, 3)
    assert [({"down": "unreachable", "another host key": "host_key_refused"}.get(fault, "login_refused"), "acme")] == (
        house.incidents()
    )
    server.start()
    look(house, 3)
    assert (1, len(MEMBERS), 1, 1) == cost(house)
    assert [] == house.incidents()


def test_two_nodes_that_poll_one_folder_at_the_same_time_take_its_file_once(house, server):
    server.start()
    house.drop("acme", "first.834", FILE)
    house.app.poll("acme")
    with house.plant.open_session("acme") as other:  # another node, between its listing and its fetch
        listed = [each for each in other.list_files("/outbox") if each.path.endswith(".834")]
        look(house, 1)
        for remote in listed:
            with (
                pytest.raises(Exception, match="not there"),
                house.plant.archive.incoming("inbound", "acme", house.clock.now().date()) as fetched,
            ):
                other.fetch(remote, fetched.stream)
    look(house, 2)
    assert (1, len(MEMBERS), 1, 1) == cost(house)


# --- what goes: told, and the state it ends in once the server is mended

DELIVER = {
    "a write refused after a good open": (servers.RefusesWrites, "given_up"),
    "a full disk": (servers.DiskFull, "given_up"),
    "a quota seen at the close": (servers.QuotaSeenAtClose, "given_up"),
    "a rename that is refused": (servers.RefusesRenames, "given_up"),
    "a session dropped in the middle of a put": (servers.CutsTheLineWhilePutting, "verified"),
    "a put that stalls": (servers.StallsWhilePutting, "verified"),
    "a session dropped after the rename": (servers.CutsTheLineAfterTheRename, "verified"),
    "a server that keeps less than it took": (servers.KeepsLessThanItTook, "verified"),
    "a stat larger than the data": (servers.TellsLargerSizes, "verified"),
    "a put and then no size": (servers.TellsNoSizes, "verified"),
    "a server that appends": (servers.AppendsAlways, "verified"),
    "a rename that overwrites": (servers.RenamesOverWhatIsThere, "verified"),
    "a sweeper that removes temporary files": (servers.LosesTemporaryFiles, "verified"),
    "other bytes under the name": (servers.OtherBytesComeFirst, "given_up"),
    "our own bytes under the name": (servers.OurOwnBytesComeFirst, "verified"),
    "a session that ends at once": (ClosesAtOnce, "verified"),
}


@pytest.mark.parametrize("fault", DELIVER)
def test_a_document_goes_whole_and_once_or_is_given_up_loudly(house, server, monkeypatch, fault):
    monkeypatch.setattr(servers, "A_BIT", 0)  # an acknowledgement is small
    sftp_class, ends = DELIVER[fault]
    server.start(sftp_class)
    house.take("acme", FILE)
    house.work_on(hours=1)
    server.start()
    house.work_on()
    look(house, 1)
    house.work_on()
    ((state, kept, name),) = house.rows("SELECT state, kept_path, name FROM documents WHERE partner_id = 'acme'")
    assert ends == state
    ours = (house.home.path / kept).read_bytes()
    there = house.inbox("acme")
    if ends == "verified":
        assert {name: ours} == there
        assert [] == house.incidents()
    else:
        assert ours not in there.values()
        assert not any(content and ours.startswith(content) for content in there.values())  # no half file either
        assert [("delivery_given_up", "acme")] == house.incidents()


def test_a_closed_door_never_costs_another_partner_a_document(house, server):
    """One server's faults are its own: acme is down while birch is served."""
    sound = house.plant.open_session
    server.start()
    server.stop()
    down = house.plant.open_session
    house.refit(open_session=lambda partner_id: down("acme") if partner_id == "acme" else sound(partner_id))
    house.take("acme", FILE)
    envelope = replace(Envelope(number="000000501", sender="BIRCH"), asks_for_ta1=False)
    house.take("birch", envelope.around(enrollment(member("B1"))))
    assert 1 == len(house.answers("birch", "999"))
    assert [] == house.answers("acme", "999")

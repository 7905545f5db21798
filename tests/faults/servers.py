"""Partners' servers with one fault each: every class is somebody's production incident (LESSONS 6, regression list)."""

import asyncio
import errno
import os
from pathlib import Path

import asyncssh

HOUR = 3600
A_BIT = 4096  # how much goes well before a transfer breaks


def path_of(file_obj):
    """Return where an open file of the server lies."""
    return Path(os.fsdecode(file_obj.name))


class Partner(asyncssh.SFTPServer):
    """A partner whose jobs work on its own disk behind the server's back."""

    def local(self, path):
        return Path(os.fsdecode(self.map_path(path)))


async def _stall(file_obj):
    """Never answer; close the file when the server is stopped."""
    try:
        await asyncio.Event().wait()
    finally:
        file_obj.close()


# --- while we log in


class TalksFirst(asyncssh.SFTPServer):
    """A login script greets the user before SFTP begins."""

    def __init__(self, chan, chroot):
        chan.write(b"Welcome to the partner's server!\n")
        super().__init__(chan, chroot)


# --- while we put


class RefusesWrites(asyncssh.SFTPServer):
    """Opens the file and then refuses every write."""

    def write(self, file_obj, offset, data):
        raise PermissionError(errno.EACCES, "write refused")


class DiskFull(asyncssh.SFTPServer):
    """Has no space left after the first bit."""

    def write(self, file_obj, offset, data):
        if offset >= A_BIT:
            raise OSError(errno.ENOSPC, "no space left on device")
        return super().write(file_obj, offset, data)


class QuotaSeenAtClose(asyncssh.SFTPServer):
    """Takes all writes and refuses the close, as a disk over the network does when the quota is full."""

    def close(self, file_obj):
        was_written = file_obj.writable()
        super().close(file_obj)
        if was_written:
            raise OSError(errno.EDQUOT, "quota exceeded")


class CutsTheLineWhilePutting(asyncssh.SFTPServer):
    """Drops the session after the first bit of a put."""

    def write(self, file_obj, offset, data):
        if offset >= A_BIT:
            self.connection.abort()
        return super().write(file_obj, offset, data)


class StallsWhilePutting(asyncssh.SFTPServer):
    """Takes a bit and then never answers again."""

    async def write(self, file_obj, offset, data):
        if offset >= A_BIT:
            await _stall(file_obj)
        return super().write(file_obj, offset, data)


class KeepsLessThanItTook(asyncssh.SFTPServer):
    """Says yes to every write and keeps only the first bit."""

    def write(self, file_obj, offset, data):
        if offset < A_BIT:
            super().write(file_obj, offset, data)
        return len(data)


class AppendsAlways(asyncssh.SFTPServer):
    """Opens whatever is there and appends, whatever was asked for."""

    def open(self, path, pflags, attrs):
        if pflags & asyncssh.FXF_WRITE:
            pflags = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT | asyncssh.FXF_APPEND
        return super().open(path, pflags, attrs)


class AppendsAndKeepsEverything(AppendsAlways):
    """Appends, and says yes to a removal without removing anything."""

    def remove(self, path):
        self.lstat(path)


class AppendsAndRefusesRemovals(AppendsAlways):
    """Appends, and allows no removal."""

    def remove(self, path):
        self.lstat(path)
        raise PermissionError(errno.EACCES, "remove refused")


class RefusesRenames(asyncssh.SFTPServer):
    """Lets nothing be renamed."""

    def rename(self, oldpath, newpath):
        raise PermissionError(errno.EACCES, "rename refused")


class RenamesOverWhatIsThere(Partner):
    """Replaces what has the new name, as POSIX does and SFTP should not."""

    def rename(self, oldpath, newpath):
        self.local(oldpath).replace(self.local(newpath))


class CutsTheLineAfterTheRename(asyncssh.SFTPServer):
    """Renames, and drops the session before it can say so."""

    def rename(self, oldpath, newpath):
        super().rename(oldpath, newpath)
        self.connection.abort()


class TakesTheFileAtOnce(Partner):
    """The partner's job picks a file up as soon as it has its final name."""

    def rename(self, oldpath, newpath):
        super().rename(oldpath, newpath)
        self.local(newpath).unlink()


class OtherBytesComeFirst(Partner):
    """Someone else takes the final name between our look and our rename."""

    taken_by = b"other bytes"

    def rename(self, oldpath, newpath):
        self.local(newpath).write_bytes(self.taken_by)
        super().rename(oldpath, newpath)


class OurOwnBytesComeFirst(OtherBytesComeFirst):
    """Another node of ours delivers the same document between our look and our rename."""

    def rename(self, oldpath, newpath):
        self.taken_by = self.local(oldpath).read_bytes()
        super().rename(oldpath, newpath)


class LosesTemporaryFiles(asyncssh.SFTPServer):
    """A sweeper on the partner's side removes hidden files as soon as they are closed."""

    def close(self, file_obj):
        super().close(file_obj)
        if path_of(file_obj).name.startswith("."):
            path_of(file_obj).unlink()


class KeepsWhatWasRemoved(asyncssh.SFTPServer):
    """Says yes to a removal without removing anything."""

    def remove(self, path):
        self.lstat(path)


class CutsWhileRenaming(Partner):
    """Loses the end of a file while it renames it."""

    def rename(self, oldpath, newpath):
        super().rename(oldpath, newpath)
        os.truncate(self.local(newpath), 3)


# --- while it tells


class Tells(asyncssh.SFTPServer):
    """Tells something of every file, in listings and when asked for one."""

    def told(self, attrs):
        raise NotImplementedError

    def lstat(self, path):
        return self.told(asyncssh.SFTPAttrs.from_local(super().lstat(path)))

    async def scandir(self, path):
        async for name in super().scandir(path):
            name.attrs = self.told(name.attrs)
            yield name


class TellsLargerSizes(Tells):
    """Shows a byte more than there is."""

    def told(self, attrs):
        attrs.size += 1
        return attrs


class TellsSmallerSizes(Tells):
    """Shows a byte less than there is."""

    def told(self, attrs):
        attrs.size -= 1
        return attrs


class TellsNoSizes(Tells):
    """Tells no sizes at all."""

    def told(self, attrs):
        attrs.size = None
        return attrs


class TellsOnlySizes(Tells):
    """Tells neither kind nor times nor owners."""

    def told(self, attrs):
        return asyncssh.SFTPAttrs(size=attrs.size)


class ClockAnHourAhead(Tells):
    """Its clock is an hour ahead of ours."""

    def told(self, attrs):
        attrs.mtime += HOUR
        return attrs


class ListsOnlyNames(asyncssh.SFTPServer):
    """Tells no more than names in listings, and everything when it is asked for a file."""

    async def scandir(self, path):
        async for name in super().scandir(path):
            name.attrs = asyncssh.SFTPAttrs()
            yield name


class ListsLargerSizes(asyncssh.SFTPServer):
    """Lists a byte more than it shows when it is asked for the file."""

    more = 1

    async def scandir(self, path):
        async for name in super().scandir(path):
            name.attrs.size += self.more
            yield name


class ListsSmallerSizes(ListsLargerSizes):
    """Lists a byte less than it shows when it is asked for the file."""

    more = -1


class RefusesListings(asyncssh.SFTPServer):
    """Refuses to list."""

    async def scandir(self, path):
        raise PermissionError(errno.EACCES, "list refused")
        yield


# --- while we get


class NeverEnds(asyncssh.SFTPServer):
    """Gives bytes for ever, whatever the size that it tells."""

    def read(self, file_obj, offset, size):
        return b"x" * size


class RefusesReads(asyncssh.SFTPServer):
    """Opens the file and then refuses to read on after the first bit; `held` counts the files that stay open."""

    held = 0

    def open(self, path, pflags, attrs):
        type(self).held += 1
        return super().open(path, pflags, attrs)

    def close(self, file_obj):
        type(self).held -= 1
        super().close(file_obj)

    def read(self, file_obj, offset, size):
        if offset >= A_BIT:
            raise PermissionError(errno.EACCES, "read refused")
        return super().read(file_obj, offset, size)


class CutsTheLineWhileGetting(asyncssh.SFTPServer):
    """Drops the session after the first bit of a get."""

    def read(self, file_obj, offset, size):
        if offset >= A_BIT:
            self.connection.abort()
        return super().read(file_obj, offset, size)


class StallsWhileGetting(asyncssh.SFTPServer):
    """Gives a bit and then never answers again."""

    async def read(self, file_obj, offset, size):
        if offset >= A_BIT:
            await _stall(file_obj)
        return super().read(file_obj, offset, size)


class GivesLittleAtATime(asyncssh.SFTPServer):
    """Answers every read with at most 1000 bytes, which the protocol allows."""

    def read(self, file_obj, offset, size):
        return super().read(file_obj, offset, min(size, 1000))


class GrowsWhileRead(asyncssh.SFTPServer):
    """The partner is still writing: the file grows with the first read."""

    def read(self, file_obj, offset, size):
        if offset == 0:
            with path_of(file_obj).open("ab") as file:
                file.write(b"more")
        return super().read(file_obj, offset, size)


class ReplacedWhileRead(asyncssh.SFTPServer):
    """Another file of the same size takes the name while we read the first one."""

    def read(self, file_obj, offset, size):
        if offset == 0:
            content = path_of(file_obj).stat().st_size * b"2"
            path_of(file_obj).unlink()
            path_of(file_obj).write_bytes(content)
        return super().read(file_obj, offset, size)


class TakenWhileRead(asyncssh.SFTPServer):
    """Someone else takes the file away while we read it."""

    def read(self, file_obj, offset, size):
        if offset == 0:
            path_of(file_obj).unlink()
        return super().read(file_obj, offset, size)


class AnotherNodeMakesTheFolder(asyncssh.SFTPServer):
    """Another node of ours makes the folder between our look and our own attempt."""

    def mkdir(self, path, attrs):
        super().mkdir(path, attrs)
        super().mkdir(path, attrs)


class RefusesFolders(asyncssh.SFTPServer):
    """Lets no folder be made."""

    def mkdir(self, path, attrs):
        raise PermissionError(errno.EACCES, "mkdir refused")


class TakesTheArchiveNameFirst(Partner):
    """Someone else takes the first name that we try between our look and our rename."""

    was_quicker = False

    def rename(self, oldpath, newpath):
        if not self.was_quicker:
            self.was_quicker = True
            self.local(newpath).write_bytes(b"other bytes")
        super().rename(oldpath, newpath)

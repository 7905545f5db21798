"""Every exception of the gateway, one tree.

What a partner wrote wrong is never an exception: it is a `Finding` (domain/finding.py). These are for us and for
the machine. A class's docstring is its message and its remedy; `is_temporary` answers "would trying again help?"
for every class, so that a retry is a total decision (DESIGN, decision 2).

    GatewayError
    ├── ConfigurationError        a setting, profile or mapping is wrong: exit code 2
    │   └── HomeInUse             another process works in this home
    ├── NotFound                  an id that names nothing here
    ├── StoreError                the database
    │   ├── SchemaOutdated
    │   ├── ConcurrentChange      (temporary)
    │   └── StoreUnavailable      (temporary)
    ├── ArchiveError              kept bytes cannot be written or read back
    │   └── KeptBytesDiffer
    ├── TransportError            the wire
    │   ├── HostUnreachable       (temporary)
    │   ├── HostBusy              (temporary)
    │   ├── ConnectionDropped     (temporary)
    │   ├── TransferIncomplete    (temporary)
    │   ├── HostKeyRefused
    │   ├── PartnerRefusedLogin
    │   ├── RemoteRefused
    │   └── RemoteFileGone
    ├── LimitExceeded             an input is larger than the limit set for it
    ├── NotAllowed                the state of a thing does not allow what was asked
    ├── ValueNotWritable          our own data does not fit the X12 that should carry it
    └── InvariantBroken           our own books do not agree: stop, never go on
"""


class GatewayError(Exception):
    """Something in the gateway failed; the text says what, where and what to do next."""

    is_temporary: bool = False
    hint: str = ""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        """Take the message (default: the class's docstring) and what the reader should do next."""
        super().__init__(message or (type(self).__doc__ or "").strip())
        if hint:
            self.hint = hint


class ConfigurationError(GatewayError):
    """The configuration is wrong. Run `gateway check`: it names every mistake with its file, key and remedy."""


class HomeInUse(ConfigurationError):
    """Another gateway process is working in this home. It does what is due; SQLite takes one such process at a time."""


class NotFound(GatewayError):
    """Nothing here has that id. Run `gateway log` to see what there is."""


class StoreError(GatewayError):
    """The database refused a statement."""


class SchemaOutdated(StoreError):
    """The database has another schema version than this program. Run `gateway db upgrade`."""


class ConcurrentChange(StoreError):
    """Someone else changed the same rows first. The step is run again from the start."""

    is_temporary = True


class StoreUnavailable(StoreError):
    """The database does not answer. Check that it runs and that `database_url` is right; the step is retried."""

    is_temporary = True


class ArchiveError(GatewayError):
    """The kept bytes cannot be written or read. Check the disk and the rights on `inbound/` and `outbound/`."""

    is_temporary = True


class KeptBytesDiffer(ArchiveError):
    """Kept bytes no longer have the hash they were kept under. Restore the file from backup before going on."""

    is_temporary = False


class TransportError(GatewayError):
    """The exchange with a partner's server failed."""


class HostUnreachable(TransportError):
    """The partner's server does not answer. It is tried again later; check host, port and network if it stays."""

    is_temporary = True


class HostBusy(TransportError):
    """All connections that we allow ourselves to this server are in use. It is tried again in a moment."""

    is_temporary = True


class ConnectionDropped(TransportError):
    """The connection broke in the middle of the work. It is tried again later."""

    is_temporary = True


class TransferIncomplete(TransportError):
    """Fewer or more bytes arrived than were announced. The copy is thrown away and fetched or sent again."""

    is_temporary = True


class HostKeyRefused(TransportError):
    """The server showed a host key that the profile does not pin. Never retried: ask the partner, then pin it."""


class PartnerRefusedLogin(TransportError):
    """The partner's server refused our login. Retrying will not help: ask the partner to install our key."""


class RemoteRefused(TransportError):
    """The partner's server refused an operation (rights, quota, a name taken). Ask the partner to allow it."""


class RemoteFileGone(TransportError):
    """The remote file is no longer there: someone else took or renamed it."""


class LimitExceeded(GatewayError):
    """An input is larger than its limit. Raise the limit in `gateway.toml` or ask for smaller files."""


class ValueNotWritable(GatewayError):
    """A value cannot be written as X12: it holds a delimiter or does not fit. Correct the data it comes from."""


class NotAllowed(GatewayError):
    """The state it is in does not allow this. Show it first; the text says which states would."""


class InvariantBroken(GatewayError):
    """The gateway's own books do not agree. Nothing was written; keep the log and report this."""

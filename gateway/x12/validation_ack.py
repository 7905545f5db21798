"""The acknowledgements that a file would be answered with, written into a folder while it is checked.

They are made as for a partner without special wishes: TA1 as ISA14 asks, 999 or 997 by the guide (DOMAIN 7.1). Their
control numbers count from 1 in each folder run: these documents are for looking at, not for sending.
"""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from gateway.domain.exchange import AckCode, DocumentKind, FunctionalGroup, Interchange
from gateway.x12.acknowledge import (
    AckIdentity,
    GroupOutcome,
    InterchangeOutcome,
    SetOutcome,
    group_ack_kind,
    wants_ta1,
    write_ta1,
)
from gateway.x12.acknowledge_group import GroupAckWriter
from gateway.x12.check import CheckEvent, GroupClosed, GroupOpened, InterchangeClosed, InterchangeOpened, SetChecked
from gateway.x12.inbound_ack import read_ta1s
from gateway.x12.validation import Summary, open_again

_FINISHED = ".edi"
_UNFINISHED = ".part"


class _OpenGroup:
    """The acknowledgement of one group, being written under a name that says it is unfinished."""

    def __init__(self, path: Path, kind: DocumentKind, identity: AckIdentity, group: FunctionalGroup) -> None:
        self.path = path
        self._group = group
        self._files = ExitStack()
        out = self._files.enter_context(path.open("wb"))
        self._writer = self._files.enter_context(GroupAckWriter(kind, identity, out))
        self._writer.open(group)

    def add(self, event: SetChecked) -> None:
        """Write what is said of one set."""
        self._writer.add(SetOutcome(event.set, event.ack, event.findings, event.findings_left_out))

    def close(self, event: GroupClosed) -> None:
        """Write what is said of the group, and end the document."""
        self._writer.close(
            GroupOutcome(self._group, event.ack, event.included, event.received, event.accepted, event.findings)
        )
        self._files.close()


class AckFolder:
    """Writes `<stem>.<interchange>.TA1.edi` and `<stem>.<interchange>.<group>.999.edi` (or 997), counted from 1.

    A rejected interchange is answered by its TA1 alone: what was written for its groups is taken back. `written`
    lists the finished documents.
    """

    def __init__(self, path: Path, folder: Path, instant: datetime) -> None:
        """Take the validated file, the folder (made if need be) and the instant that the envelopes say."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._folder = folder
        self._instant = instant
        self._numbers = 0
        self._interchange: Interchange  # known from the first event on that needs it
        self._groups = 0
        self._open: _OpenGroup | None = None
        self._unfinished: list[Path] = []
        self.written: list[Path] = []

    def take(self, event: CheckEvent) -> None:
        """Write what an event adds to an acknowledgement."""
        match event:
            case InterchangeOpened(interchange):
                self._interchange = interchange
                self._groups = 0
            case GroupOpened(group):
                self._open_group(group)
            case SetChecked() if self._open is not None:
                self._open.add(event)
            case GroupClosed() if self._open is not None:
                self._open.close(event)
                self._open = None
            case InterchangeClosed():
                self._close_interchange(event)

    def close(self, summary: Summary) -> None:
        """Nothing is left open: every interchange was closed."""

    def _open_group(self, group: FunctionalGroup) -> None:
        self._groups += 1
        kind = group_ack_kind(group)
        if kind is not None:
            path = self._name(f"{group.ordinal}.{kind}").with_suffix(_UNFINISHED)
            self._unfinished.append(path)
            self._open = _OpenGroup(path, kind, self._identity(group), group)

    def _close_interchange(self, event: InterchangeClosed) -> None:
        outcome = InterchangeOutcome(
            self._interchange, event.ta1_code, event.ta1_note, event.findings, carries_ta1=self._carries_ta1()
        )
        if wants_ta1(outcome):
            path = self._name("TA1")
            with path.open("wb") as out:
                write_ta1(self._identity(None), outcome, out)
            self.written.append(path)
        for path in self._unfinished:
            if event.ta1_code is AckCode.REJECTED:
                path.unlink()
            else:
                self.written.append(path.replace(path.with_suffix(_FINISHED)))
        self._unfinished.clear()

    def _name(self, what: str) -> Path:
        return self._folder / f"{self._path.stem}.{self._interchange.ordinal}.{what}{_FINISHED}"

    def _carries_ta1(self) -> bool:
        """Whether the interchange is one that answers us: no group, and a TA1 in the file."""
        if self._groups:
            return False
        with open_again(self._path) as stream:
            return next(read_ta1s(stream), None) is not None

    def _identity(self, group: FunctionalGroup | None) -> AckIdentity:
        self._numbers += 1
        return AckIdentity.answering(
            self._interchange, group, instant=self._instant, control_number=f"{self._numbers:09}"
        )

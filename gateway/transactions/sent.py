"""A member as it was sent, before it is read: an INS loop of an 834, or what a census row asks for."""

from dataclasses import dataclass, field
from typing import Protocol

from gateway.domain.coverage import EnrollmentHeader, MaintenanceRequest
from gateway.domain.exchange import Delimiters
from gateway.transactions.loops_834 import OPENING, Loops
from gateway.transactions.mapping import Mapping
from gateway.transactions.member_834 import MemberLoop, RefusedRequest
from gateway.x12.reader import RawLoop


class Sent(Protocol):
    """What a set says of one member.

    `raw` are the bytes of an 834's INS loop, by which the same loop is recognised without being read; they are empty
    for a census. `ordinal` counts members from 1, `position` is that of the INS segment (ST = 1), or the row's.
    """

    @property
    def raw(self) -> bytes: ...  # noqa: D102 - see above
    @property
    def ordinal(self) -> int: ...  # noqa: D102
    @property
    def position(self) -> int: ...  # noqa: D102
    @property
    def opens_family(self) -> bool:
        """Whether it is a subscriber's loop (INS01 = Y): dependents follow their subscriber."""
        ...

    def read(self) -> MaintenanceRequest | RefusedRequest:
        """Return what is asked for, or why it cannot be read."""
        ...


class SentRequest:
    """A member that was read already: of a census, whose rows are read together."""

    __slots__ = ("_request", "opens_family", "ordinal", "position", "raw")

    def __init__(self, request: MaintenanceRequest | RefusedRequest) -> None:
        """Take what the rows ask for."""
        self._request = request
        self.ordinal = request.ordinal
        self.position = request.position
        self.raw = b""
        self.opens_family = False

    def read(self) -> MaintenanceRequest | RefusedRequest:
        """Return the request."""
        return self._request


@dataclass(frozen=True, slots=True)
class SetReading:
    """How the members of one 834 set are read: what of the header holds for them, mapping and delimiters."""

    header: EnrollmentHeader = field(repr=False)
    mapping: Mapping = field(repr=False)
    delimiters: Delimiters


class SentLoop:
    """One INS loop of an 834."""

    __slots__ = ("_loop", "_reading", "ordinal")

    def __init__(self, ordinal: int, loop: RawLoop, reading: SetReading) -> None:
        """Take the bytes; they are read when they are asked for."""
        self.ordinal = ordinal
        self._loop = loop
        self._reading = reading

    @property
    def raw(self) -> bytes:
        """The bytes from INS to before the next INS."""
        return self._loop.raw

    @property
    def position(self) -> int:
        """The position of the INS segment, ST = 1."""
        return self._loop.position

    @property
    def opens_family(self) -> bool:
        """Whether INS01 is Y."""
        return self._loop.raw[4:5] == b"Y"

    def read(self) -> MaintenanceRequest | RefusedRequest:
        """Return what the loop asks for, or why it cannot be read."""
        reading = self._reading
        loops, loop = Loops(), ""
        member = MemberLoop(self.ordinal, self._loop.position, reading.mapping, reading.delimiters)
        for segment in self._loop.segments(reading.delimiters):
            if segment.tag in OPENING:
                loop = loops.enter(segment)
            member.add(segment, loop)
        return member.request(reading.header)

    def __repr__(self) -> str:
        """Name the place only: what was sent is personal."""
        return f"SentLoop(ordinal={self.ordinal}, position={self.position})"

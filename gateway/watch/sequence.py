"""Gaps in a sender's interchange control numbers: what was sent and never came (DESIGN, decision 10)."""

from collections.abc import Iterable
from dataclasses import dataclass

_NUMBERS = 1_000_000_000  # ISA13 has nine digits; after 999999999 comes 000000000 or 000000001
_JUMP = 1_000


@dataclass(frozen=True, slots=True)
class Gap:
    """Control numbers from `first` through `last` that never came; `key` names the sender and the first of them."""

    key: str
    first: int
    last: int
    message: str

    @property
    def size(self) -> int:
        """How many numbers are missing."""
        return (self.last - self.first) % _NUMBERS + 1


def find_gaps(sender: str, received: Iterable[int], *, jump: int = _JUMP) -> list[Gap]:
    """Return the gaps in the control numbers (ISA13) of one sender, in the order they were sent.

    `received` are the numbers in order of arrival; files may overtake each other, and a number may come twice. A step
    of more than `jump` forward or backward is no gap: the sender began to count anew. Numbers may pass 999999999.
    """
    missing: dict[int, None] = {}  # in the order they were sent
    newest: int | None = None
    for number in received:
        step = 0 if newest is None else (number - newest) % _NUMBERS
        if newest is None or jump < step < _NUMBERS - jump:
            newest = number
        elif 0 < step <= jump:
            missing |= dict.fromkeys((newest + ahead) % _NUMBERS for ahead in range(1, step))
            newest = number
        else:
            missing.pop(number, None)
    return [_gap(sender, run) for run in _runs(number for number in missing if number != 0)]


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Return `numbers` as runs of neighbours."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == (runs[-1][-1] + 1) % _NUMBERS:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _gap(sender: str, run: list[int]) -> Gap:
    """Return the notice of one run of missing numbers."""
    first, last = run[0], run[-1]
    what = f"interchange {first:09d}" if len(run) == 1 else f"interchanges {first:09d} to {last:09d}"
    return Gap(
        key=f"sequence/{sender}/{first:09d}",
        first=first,
        last=last,
        message=f"{what} of {sender} never came: ask whether {'it was' if len(run) == 1 else 'they were'} sent",
    )

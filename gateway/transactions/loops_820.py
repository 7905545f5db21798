"""The shape of an 820, whatever its guide: a header, then ENT loops with RMR loops in them (DOMAIN 5.2 and 6).

Nothing is given a meaning here, and one ENT loop at a time is held.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from gateway.domain.exchange import Delimiters
from gateway.domain.remittance import Adjustment
from gateway.transactions.values_820 import ValueReader
from gateway.x12.reader import Segment

_ENVELOPE = frozenset({"ST", "SE"})


@dataclass(slots=True)
class LineLoop:
    """Loop 2300: one RMR and the segments that follow it, its 2310 to 2320 loops included."""

    rmr: Segment
    followers: list[Segment] = field(default_factory=list)

    def references(self) -> tuple[tuple[str, str], ...]:
        """Return REF01 and REF02 of the line itself: those before its first ADX, which has references of its own."""
        return references(self.followers)


@dataclass(slots=True)
class EntityLoop:
    """Loop 2000: an ENT (None for segments that stand before any), what stands directly in it, and its lines."""

    ent: Segment | None
    own: list[Segment] = field(default_factory=list)
    lines: list[LineLoop] = field(default_factory=list)

    def first(self, tag: str) -> Segment | None:
        """Return the first segment with this tag that stands directly in the loop."""
        return next((segment for segment in self.own if segment.tag == tag), None)


def split_loops(segments: Iterator[Segment]) -> tuple[list[Segment], Iterator[EntityLoop]]:
    """Return the header's segments (before the first ENT, RMR or ADX) and the ENT loops after them, as a stream."""
    header: list[Segment] = []
    for segment in segments:
        if segment.tag in {"ENT", "RMR", "ADX"}:
            return header, _entities(chain([segment], segments))
        if segment.tag not in _ENVELOPE:
            header.append(segment)
    return header, iter(())


def references(segments: list[Segment]) -> tuple[tuple[str, str], ...]:
    """Return (REF01, REF02) of each REF that stands before the first ADX or N1."""
    found = []
    for segment in segments:
        if segment.tag in {"ADX", "N1"}:
            break
        if segment.tag == "REF":
            found.append((segment.element(1), segment.element(2)))
    return tuple(found)


def adjustments(segments: list[Segment], values: ValueReader) -> tuple[Adjustment, ...]:
    """Return the adjustments of a loop as sent: ADX01 with its own sign, ADX02."""
    return tuple(Adjustment(values.amount(each, 1), each.element(2)) for each in segments if each.tag == "ADX")


def head_count(line: LineLoop, values: ValueReader, delimiters: Delimiters) -> int | None:
    """Return how many persons the line pays for: the sum of SLN04 where SLN05-1 is IE (DOMAIN 5.2), or None."""
    counts = [
        values.count(segment, 4)
        for segment in line.followers
        if segment.tag == "SLN" and segment.components(5, delimiters)[0] == "IE"
    ]
    return sum(counts) if counts else None


def _entities(segments: Iterator[Segment]) -> Iterator[EntityLoop]:
    entity: EntityLoop | None = None
    for segment in segments:
        if segment.tag in _ENVELOPE:
            continue
        if segment.tag == "ENT":
            if entity is not None:
                yield entity
            entity = EntityLoop(segment)
            continue
        entity = entity or EntityLoop(None)
        if segment.tag == "RMR":
            entity.lines.append(LineLoop(segment))
        elif entity.lines:
            entity.lines[-1].followers.append(segment)
        else:
            entity.own.append(segment)
    if entity is not None:
        yield entity

"""The values of one loop, as a mapping's rules find them in its segments; nothing that was sent falls by the way."""

from typing import Any

from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Finding, Level, Place
from gateway.transactions.mapping import Reading, Rule
from gateway.transactions.values_834 import Kind
from gateway.x12.reader import Segment

_DATES = frozenset({Kind.DATE, Kind.LAST_DAY})


class Collected:
    """Values by section and field, the elements no rule reads, and findings on what cannot be read."""

    __slots__ = ("_delimiters", "_found", "_ranks", "findings", "unread")

    def __init__(self, delimiters: Delimiters) -> None:
        """Start empty; the set's delimiters are needed to keep segments as they were sent."""
        self._delimiters = delimiters
        self._found: dict[str, dict[str, Any]] = {}
        self._ranks: dict[tuple[str, str], tuple[int, str]] = {}  # of what stands in a place of second choice
        self.findings: list[Finding] = []
        self.unread: list[str] = []

    def read(self, segment: Segment, reading: Reading) -> bool:
        """Take what the rules read from `segment`; False when that is nothing, and the caller must keep it."""
        elements = segment.elements
        count = len(elements)
        taken = False
        left: list[str] = []
        for rule in reading.rules:
            if rule.element >= count or not elements[rule.element]:
                continue
            if rule.conditions and not all(condition.holds(elements) for condition in rule.conditions):
                continue
            taken = self._take(rule, segment, left) or taken
        if taken:
            self.unread += left
            if count > reading.known_before:
                self._keep_unknown(segment, reading)
        return taken

    def _keep_unknown(self, segment: Segment, reading: Reading) -> None:
        """Keep the elements of a segment that no rule reads."""
        for number, element in enumerate(segment.elements):
            if element and number not in reading.known:
                self.unread.append(self._as_sent(segment, number))

    def section(self, name: str) -> dict[str, Any]:
        """Return the fields of one section that were found."""
        return self._found.get(name, {})

    def keep(self, segment: Segment) -> None:
        """Keep a segment that no rule reads, as it was sent."""
        self.unread.append(raw(segment, self._delimiters))

    def _take(self, rule: Rule, segment: Segment, left: list[str]) -> bool:
        """Read one element for one field; what has to stand back for a better place goes to `left`."""
        found = self._found.get(rule.section)
        if found is None:
            found = self._found[rule.section] = {}
        name, as_sent = rule.field, ""
        if name in found:
            rank, as_sent = self._ranks.get((rule.section, name), (0, ""))
            if rank <= rule.rank:
                left.append(self._as_sent(segment, rule.element))
                return False
        try:
            value = rule.read(segment.elements[rule.element]) if rule.read is not None else _pairs(rule, segment)
        except ValueError as right:
            finding = _unreadable(rule, segment, str(right))
            if finding not in self.findings:  # two fields may read one element
                self.findings.append(finding)
            return True
        if value is None:
            left.append(self._as_sent(segment, rule.element))
            return True
        if as_sent:
            left.append(as_sent)
            del self._ranks[rule.section, name]
        if rule.rank:
            self._ranks[rule.section, name] = (rule.rank, self._as_sent(segment, rule.element))
        found[name] = value
        return True

    def _as_sent(self, segment: Segment, number: int) -> str:
        """Return one element with its name: `INS08*FT`."""
        return f"{segment.tag}{number:02d}{self._delimiters.element}{segment.element(number)}"


def raw(segment: Segment, delimiters: Delimiters) -> str:
    """Return a segment as it was sent, without its terminator."""
    return delimiters.element.join(segment.elements)


def _pairs(rule: Rule, segment: Segment) -> tuple[tuple[str, str], ...]:
    """Return the elements of a segment two by two, from the one that the rule names."""
    rest = segment.elements[rule.element :]
    return tuple((rest[at], rest[at + 1] if at + 1 < len(rest) else "") for at in range(0, len(rest), 2))


def _unreadable(rule: Rule, segment: Segment, right: str) -> Finding:
    """Return the finding on an element that is not what its field holds."""
    return Finding(
        code="DATE_LOGIC" if rule.kind in _DATES else "UNREADABLE_VALUE",
        level=Level.BUSINESS,
        message=f"{segment.tag}{rule.element:02d} is not {right}.",
        place=Place(segment=segment.tag, position=segment.position, element=rule.element, byte=segment.byte),
        value=segment.element(rule.element),
        snip=2,
    )

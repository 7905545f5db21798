"""Rules between the segments of a remittance: that it adds up, and that its entities are counted."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from gateway.x12.check_envelope import number_of
from gateway.x12.check_rule import Complaint, Rule, Seen, Span, literal, pattern
from gateway.x12.plan_pattern import Style

_AMOUNT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_EXACT_DIGITS = 13  # an amount of this length is known to the cent as a float
_LESS_THAN_A_CENT = 0.001


class EntSequence(Rule):
    """ENT01 counts the ENT loops of a set from 1."""

    name = "ENT_SEQUENCE"
    tags = frozenset({"ENT"})

    def __init__(self, style: Style) -> None:
        """Start with no entities."""
        super().__init__(style)
        self._count = 0

    def see(self, segment: Seen) -> Iterator[Complaint]:
        """Compare ENT01 with the count."""
        self._count += 1
        if number_of(segment.at(1)) != self._count:
            yield Complaint(1, f"ENT01 does not say {self._count}, the number of this ENT in the set")

    def trouble(self, span: Span) -> int:
        """Look for the first ENT01 that breaks the count."""
        entity = _shapes(self.style).entity
        said = entity.findall(span.data, span.start, span.end)
        first = self._count + 1
        if said == [b"%d" % number for number in range(first, first + len(said))]:
            return -1
        return next((m.start() for n, m in enumerate(span.every(entity), first) if int(m[1]) != n), -1)

    def skim(self, span: Span) -> None:
        """Count the entities of the span."""
        self._count += span.count(_shapes(self.style).entity_opening)


class Balance(Rule):
    """BPR02 is the sum of RMR04 and of the ADX01 before any RMR; RMR05 with its ADX01 is RMR04 (DOMAIN 5.3)."""

    name = "OUT_OF_BALANCE"
    snip = 3
    tags = frozenset({"BPR", "ENT", "RMR", "ADX", "SE"})

    def __init__(self, style: Style) -> None:
        """Start with nothing paid."""
        super().__init__(style)
        self._said: Decimal | None = None
        self._sum = Decimal(0)
        self._has_lines = False
        self._in_line = False  # an ADX now belongs to a line, not to the payment
        self._line: _Line | None = None

    def see(self, segment: Seen) -> Iterator[Complaint]:
        """Add up; what is wrong with a line is known when the next segment that is no ADX comes."""
        tag = segment.tag
        if tag != "ADX" and self._line is not None:
            if not self._line.balances:
                message = "RMR05 with its adjustments (ADX01) is not RMR04"
                yield Complaint(5, message, "RMR", self._line.position)
            self._line = None
        if tag == "BPR":
            self._said = _amount(segment.at(2))
        elif tag == "ENT":
            self._in_line = False
        elif tag == "RMR":
            self._in_line = self._has_lines = True
            paid, billed = _amount(segment.at(4)), _amount(segment.at(5))
            self._sum += paid or 0
            self._line = _Line(paid, billed, segment.position) if paid is not None and billed is not None else None
        elif tag == "ADX":
            self._adjust(_amount(segment.at(1)) or Decimal(0))

    def _adjust(self, amount: Decimal) -> None:
        if not self._in_line:
            self._sum += amount
        elif self._line is not None:
            self._line = self._line.adjusted(amount)

    def trouble(self, span: Span) -> int:
        """Look for the first line that does not balance."""
        if self._line is not None and not self._line.balances:
            return span.start
        if self._surely_balanced(span):
            return -1
        line: _Line | None = None
        for found in span.every(_shapes(self.style).money):
            if found["adjustment"]:
                line = line and line.adjusted(Decimal(found["adjustment"].decode()))
                continue
            if line is not None and not line.balances:
                break
            line = None
            if found["billed"]:
                line = _Line(Decimal(found["paid"].decode()), Decimal(found["billed"].decode()), found.start())
        return -1 if line is None or line.balances else line.position

    def _surely_balanced(self, span: Span) -> bool:
        """Whether every line balances for sure: floats tell, where amounts are small enough for them to tell cents."""
        shapes = _shapes(self.style)
        if not span.holds(shapes.adjustment):
            return all(paid == billed or not billed for paid, billed in span.fields(shapes.remittance))
        difference = 0.0  # of the line before: RMR05 with its adjustments, less RMR04
        has_line = False
        for _entity, _opening, paid, billed, adjustment in span.fields(shapes.money):
            if adjustment:
                difference += float(adjustment)
                continue
            if has_line and abs(difference) > _LESS_THAN_A_CENT:
                return False
            has_line = bool(billed)
            if has_line:
                if len(paid) > _EXACT_DIGITS or len(billed) > _EXACT_DIGITS:
                    return False
                difference = 0.0 if paid == billed else float(billed) - float(paid)
        return not has_line or abs(difference) <= _LESS_THAN_A_CENT

    def skim(self, span: Span) -> None:
        """Add up the span."""
        shapes = _shapes(self.style)
        self._line = None
        self._has_lines = self._has_lines or span.holds(shapes.line_opening)
        if not span.holds(shapes.adjustment):
            amounts = [paid for paid, _ in span.fields(shapes.remittance)]
            self._in_line = bool(amounts)
        else:
            amounts = []
            for entity, _opening, paid, _billed, adjustment in span.fields(shapes.money):
                if not adjustment:
                    self._in_line = not entity
                    amounts.append(paid)
                elif not self._in_line:
                    amounts.append(adjustment)
        self._sum += sum(map(Decimal, b" ".join(amounts).decode().split()))

    def close(self) -> Iterator[Complaint]:
        """Compare the sum with BPR02; a payment without lines says nothing about them."""
        if self._has_lines and self._said is not None and self._said != self._sum:
            yield Complaint(2, "BPR02 is not the sum of the remittance lines (RMR04) and adjustments (ADX01)", "BPR", 2)


class _Line(NamedTuple):
    """A remittance line that says what was billed; `position` is in the set, or in the bytes for the fast path."""

    paid: Decimal
    billed: Decimal
    position: int

    @property
    def balances(self) -> bool:
        return self.paid == self.billed

    def adjusted(self, amount: Decimal) -> "_Line":
        return _Line(self.paid, self.billed + amount, self.position)


class _Shapes(NamedTuple):
    """Bytes and patterns that these rules look for in one style."""

    adjustment: bytes
    entity_opening: bytes
    line_opening: bytes
    entity: re.Pattern[bytes]
    remittance: re.Pattern[bytes]
    money: re.Pattern[bytes]


@lru_cache(maxsize=16)
def _shapes(style: Style) -> _Shapes:
    line = "FIELD FIELD FIELD (?P<paid>FIELD)(?: (?P<billed>FIELD))?+"
    return _Shapes(
        adjustment=literal(style, "ADX"),
        entity_opening=literal(style, "ENT"),
        line_opening=literal(style, "RMR"),
        entity=pattern(style, "ENDENT (FIELD)"),
        remittance=pattern(style, f"ENDRMR {line}"),
        money=pattern(style, f"END(?:(?P<entity>ENT )|(?P<opening>RMR ){line}|ADX (?P<adjustment>FIELD))"),
    )


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if _AMOUNT.fullmatch(text) else None

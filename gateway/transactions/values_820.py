"""Amounts, counts, dates and periods of an 820, with a finding for whatever cannot be read."""

import re
from datetime import date, timedelta
from decimal import Decimal

from gateway.domain.finding import Finding, Level, Place
from gateway.domain.money import ZERO, Money, round_cents
from gateway.domain.period import Period
from gateway.x12.reader import Segment

# X12 type R as HIPAA allows it: no exponent, no plus sign, and at most ten digits, cents counted in (DOMAIN 5.1).
_AMOUNT = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_AMOUNT_MAX = Decimal("99999999.99")
_COUNT = re.compile(r"[0-9]{1,9}")
_DATE = re.compile(r"[0-9]{8}")
_FINDINGS_MAX = 1000  # a set of a million unreadable lines explains itself long before
_DAY = timedelta(days=1)


class ValueReader:
    """Reads elements; what cannot be read gives a finding and a neutral value, never an exception."""

    def __init__(self) -> None:
        """Start without findings."""
        self.findings: list[Finding] = []

    def amount(self, segment: Segment, number: int) -> Money:
        """Return element `number` as money, 0.00 where it is absent or cannot be read (a fraction of a cent cannot)."""
        text = segment.element(number)
        if not text:
            return ZERO
        if not _AMOUNT.fullmatch(text):
            return self._refuse_amount(segment, number, "is not an amount: digits, one decimal point, a leading minus")
        value = Decimal(text)
        if abs(value) > _AMOUNT_MAX:
            return self._refuse_amount(segment, number, f"is larger than {_AMOUNT_MAX}; split the payment in two sets")
        if round_cents(value) != value:
            return self._refuse_amount(segment, number, "has a fraction of a cent; round it to two decimals")
        return round_cents(value)

    def required_amount(self, segment: Segment, number: int) -> Money:
        """Return element `number` as money; being absent is a finding too."""
        if not segment.element(number):
            return self._refuse_amount(segment, number, "is missing; say 0 where nothing was paid")
        return self.amount(segment, number)

    def optional_amount(self, segment: Segment, number: int) -> Money | None:
        """Return element `number` as money, None where it is absent."""
        return self.amount(segment, number) if segment.element(number) else None

    def count(self, segment: Segment, number: int) -> int:
        """Return element `number` as a whole number; decimals that are zero are allowed (SLN04 is of type R)."""
        whole = re.sub(r"\.0*$", "", segment.element(number))
        if not _COUNT.fullmatch(whole):
            self.refuse("UNREADABLE_COUNT", segment, number, "is not a whole number of persons")
            return 0
        return int(whole)

    def day(self, segment: Segment, number: int) -> date | None:
        """Return element `number` (CCYYMMDD) as a date, None where it is absent or unreadable."""
        text = segment.element(number)
        if not text:
            return None
        day = parse_day(text)
        if day is None:
            self.refuse("DATE_LOGIC", segment, number, "is not a date written CCYYMMDD")
        return day

    def period(self, segments: list[Segment]) -> Period | None:
        """Return the coverage period of the first DTM*582 of a loop, or None (DTM05 RD8, DTM06 from-to inclusive)."""
        dtm = next((each for each in segments if each.tag == "DTM" and each.element(1) == "582"), None)
        if dtm is None:
            return None
        if not dtm.element(6):
            day = self.day(dtm, 2)
            return Period(day, day + _DAY) if day else None
        first, separator, last = dtm.element(6).partition("-")
        starts_on, last_day = parse_day(first), parse_day(last)
        if not (separator and starts_on and last_day and starts_on <= last_day):
            self.refuse(
                "DATE_LOGIC", dtm, 6, "is not a period written CCYYMMDD-CCYYMMDD with its end not before its start"
            )
            return None
        return Period.through(starts_on, last_day)

    def refuse(self, code: str, segment: Segment, number: int, what: str) -> None:
        """Add an error finding about element `number` of `segment`."""
        if len(self.findings) < _FINDINGS_MAX:
            message = f"{segment.tag}{number:02d} {what}"
            place = Place(segment=segment.tag, position=segment.position, element=number)
            self.findings.append(
                Finding(code, Level.BUSINESS, message, place=place, value=segment.element(number) or None, snip=1)
            )

    def miss(self, code: str, tag: str, number: int, what: str) -> None:
        """Add an error finding about an element that the set should have and does not."""
        place = Place(segment=tag, element=number)
        self.findings.append(Finding(code, Level.BUSINESS, f"{tag}{number:02d} {what}", place=place, snip=1))

    def _refuse_amount(self, segment: Segment, number: int, what: str) -> Money:
        self.refuse("UNREADABLE_AMOUNT", segment, number, what)
        return ZERO


def parse_day(text: str) -> date | None:
    """Return a CCYYMMDD as a date, or None for anything else, and for 99991231, after which no day can follow."""
    if not _DATE.fullmatch(text):
        return None
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return day if day < date.max else None

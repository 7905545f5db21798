"""Element text of an 834 to domain values: dates, money, counts and codes.

A reader raises ValueError with what would be right, to be said as "HD03 is not …"; the text itself is never quoted.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from gateway.domain.coverage import FileAction, MaintenanceType
from gateway.domain.money import Money, round_cents

_AMOUNT = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")  # X12 type R without an exponent
_AMOUNT_MAX = Decimal("99999999.99")
_COUNT = re.compile(r"[0-9]{1,9}(?:\.0*)?")
OPEN_END = "99991231"  # no day follows it: what is said to end there does not end
_FLAGS = {"Y": True, "N": False}


class Kind(StrEnum):
    """What an element holds, as far as reading it is concerned."""

    TEXT = "text"
    DATE = "date"  # D8, or the first day of an RD8 range
    LAST_DAY = "last day"  # D8, or the last day of an RD8 range
    MONEY = "amount"
    COUNT = "whole number"
    FLAG = "Y or N"
    MAINTENANCE = "maintenance type code"
    ACTION = "file action code"
    PAIRS = "pairs of elements"  # from the element that is named to the end of the segment


@lru_cache(maxsize=4096)
def day(text: str) -> date:
    """Return CCYYMMDD as a date; the few days that a file is full of are computed once."""
    if len(text) == 8 and text.isascii() and text.isdecimal():
        try:
            value = date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            value = date.max
        if date.min < value < date.max:  # so that there is a day before it and one after it
            return value
    raise ValueError("a date written CCYYMMDD")


def first_day(text: str) -> date:
    """Return a date, or the first of a range CCYYMMDD-CCYYMMDD."""
    return day(text[:8]) if _is_range(text) else day(text)


def last_day(text: str) -> date | None:
    """Return a date, or the last of a range CCYYMMDD-CCYYMMDD; None for the end of time."""
    text = text[9:] if _is_range(text) else text
    return None if text == OPEN_END else day(text)


def amount(text: str) -> Money:
    """Return an amount; a fraction of a cent or more than ten digits is none."""
    if _AMOUNT.fullmatch(text):
        value = Decimal(text)
        if abs(value) <= _AMOUNT_MAX and round_cents(value) == value:
            return round_cents(value)
    raise ValueError("an amount of at most ten digits in dollars and cents")


def count(text: str) -> int:
    """Return a whole number; decimals that are zero are allowed (QTY02 is of type R)."""
    if not _COUNT.fullmatch(text):
        raise ValueError("a whole number")
    return int(text.partition(".")[0])


def flag(text: str) -> bool:
    """Return Y or N as a truth value."""
    if text not in _FLAGS:
        raise ValueError("Y or N")
    return _FLAGS[text]


def maintenance(text: str) -> MaintenanceType:
    """Return a maintenance type code, as INS03 and HD01 write it."""
    try:
        return MaintenanceType(text)
    except ValueError:
        raise ValueError("a maintenance type that we know (001, 002, 021, 024, 025, 026, 030, 032)") from None


def action(text: str) -> FileAction:
    """Return a file action code, as BGN08 writes it."""
    try:
        return FileAction(text)
    except ValueError:
        raise ValueError("a file action that we know (2, 4, RX)") from None


def _is_range(text: str) -> bool:
    """Tell whether `text` is an RD8 range; its two days are checked by whoever reads one of them."""
    return len(text) == 17 and text[8] == "-"


READERS: Mapping[Kind, Callable[[str], object]] = {
    Kind.TEXT: str.strip,
    Kind.DATE: first_day,
    Kind.LAST_DAY: last_day,
    Kind.MONEY: amount,
    Kind.COUNT: count,
    Kind.FLAG: flag,
    Kind.MAINTENANCE: maintenance,
    Kind.ACTION: action,
}
"""How each kind is read from one element; PAIRS reads several and stands outside of it."""

"""What is wrong with one value: lengths, characters, codes, dates, times and numbers (X12.6 and the guide's lists).

Messages say what is wrong and what would be right, never the value itself.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from typing import NamedTuple

from gateway.domain.finding import Severity
from gateway.x12.guide import ElementNode

YEAR_MIN, YEAR_MAX = 1800, 2199
"""Years outside are no dates of ours: before 1800 an error as in pyx12, after 2199 a warning."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EIGHT_BIT = re.compile(r"[^\x00-\x7f]")
_NOT_4010 = re.compile(r"[\^`]")  # the extended character set of 4010 lacks both
_NUMBER = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]*(?:\.[0-9]+)?")
_DIGITS = re.compile(r"[0-9]+")
_CODES_SHOWN = 12
_DATE_LENGTHS = {"D8": (8,), "D6": (6,), "DT": (6, 8, 12)}
DATE_FORMATS = frozenset({"D8", "D6", "DT", "RD8", "TM"})
"""Values of element 1250 whose element 1251 we can judge."""


class Fault(NamedTuple):
    """One fault of a value: the IK403 code, a sentence, and how heavy it is."""

    code: str
    message: str
    severity: Severity = Severity.ERROR
    snip: int = 1


def faults_of(node: ElementNode, value: str, *, version: str, date_format: str = "") -> Iterator[Fault]:
    """Yield what is wrong with a non-empty `value` at `node`, in the order of pyx12's checks.

    `version` is ISA12; `date_format` is the value of the element 1250 that says how this one is written, if any.
    """
    yield from _length_faults(node, value)
    if _CONTROL.search(value):
        yield Fault("6", "it holds a control character; only printable characters are allowed")
        return
    yield from _text_faults(node, value, version)
    if node.codes and value not in node.codes:
        yield Fault("7", _codes_message(node), snip=5 if node.external else 2)
    if node.data.type != "TM" or len(value) >= node.data.min:  # too short a time has been told as that
        yield from _type_faults(node.data.type, value)
    if date_format:
        yield from _type_faults(date_format, value)
    if node.pattern and not re.search(node.pattern, value, re.DOTALL):
        yield Fault("I12", "it does not have the form that the guide asks for", snip=2)


def _length_faults(node: ElementNode, value: str) -> Iterator[Fault]:
    data = node.data
    numeric = data.type == "R" or data.type.startswith("N")
    length = len(value.replace("-", "").replace(".", "") if numeric else value)
    if length < data.min:
        yield Fault("4", f"it has {length} characters, the least is {data.min}")
    if length > data.max:
        yield Fault("5", f"it has {length} characters, the most is {data.max}")


def _text_faults(node: ElementNode, value: str, version: str) -> Iterator[Fault]:
    if node.data.type not in {"AN", "ID"}:
        return
    bare = value.rstrip(" ")
    if not bare:
        yield Fault("1" if node.usage == "R" else "6", "it holds nothing but blanks; leave it out or fill it")
    elif len(bare) < len(value) and len(bare) >= node.data.min:
        yield Fault("6", "it ends with blanks that its least length does not ask for")
    if version < "00501" and _NOT_4010.search(value):
        yield Fault("6", "it holds a character that is not in the extended character set")
    if _EIGHT_BIT.search(value):
        yield Fault("6", "it holds a letter outside of the agreed character set", Severity.WARNING)


def _codes_message(node: ElementNode) -> str:
    if node.external or len(node.codes) > _CODES_SHOWN:
        return "this code is not in the list of the guide"
    return f"this code is not in the list of the guide: {', '.join(sorted(node.codes))}"


def _type_faults(kind: str, value: str) -> Iterator[Fault]:
    if kind.startswith("N"):
        if not _NUMBER.fullmatch(value):
            yield Fault("6", "it must be a whole number")
    elif kind == "R":
        if not _DECIMAL.fullmatch(value):
            yield Fault("6", "it must be a number with a point for decimals and no other sign than a leading minus")
    elif kind in _DATE_LENGTHS:
        yield from _date_faults(kind, value)
    elif kind == "RD8":
        yield from _range_faults(value)
    elif kind == "TM" and not is_time(value):
        yield Fault("9", "it is not a time HHMM, HHMMSS or HHMMSSDD")


def _date_faults(kind: str, value: str) -> Iterator[Fault]:
    if not is_date(kind, value):
        yield Fault("8", "it is not a date that exists, written CCYYMMDD" + (" or YYMMDD" if kind != "D8" else ""))
    elif len(value) >= 8 and int(value[:4]) > YEAR_MAX:
        yield Fault("8", f"its year is after {YEAR_MAX}", Severity.WARNING, 4)


def _range_faults(value: str) -> Iterator[Fault]:
    start, dash, end = value.partition("-")
    if not (dash and is_date("D8", start) and is_date("D8", end)):
        yield Fault("8", "it is not a range of two dates, CCYYMMDD-CCYYMMDD")
    elif start > end:
        yield Fault("8", "the range ends before it begins", Severity.WARNING, 4)
    elif int(end[:4]) > YEAR_MAX:
        yield Fault("8", f"its year is after {YEAR_MAX}", Severity.WARNING, 4)


def is_date(kind: str, value: str) -> bool:
    """Whether `value` is a date of `kind` D8 (CCYYMMDD), D6 (YYMMDD) or DT (either, or CCYYMMDDHHMM)."""
    if len(value) not in _DATE_LENGTHS[kind] or not (value.isascii() and _DIGITS.fullmatch(value)):
        return False
    if len(value) == 6:  # two-digit years pivot at 50, as in pyx12
        value = ("20" if value < "5" else "19") + value
    year, month, day = int(value[:4]), int(value[4:6]), int(value[6:8])
    if year < YEAR_MIN or not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]:
        return False
    return len(value) == 8 or is_time(value[8:])


def is_time(value: str) -> bool:
    """Whether `value` is HHMM, HHMMSS, or HHMMSS with one or two decimal digits."""
    if not (value.isascii() and _DIGITS.fullmatch(value)) or len(value) not in {4, 6, 7, 8}:
        return False
    return value[:2] <= "23" and value[2:4] <= "59" and value[4:6] <= "59"

"""What a bank says arrived or went back: a lockbox list as CSV, or BAI2 (DOMAIN 5.4, FEATURES HC-39).

A file is taken whole or not at all: one line that cannot be read, or totals that do not agree, refuse it.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from gateway.domain.bank import LOCKBOX_COLUMNS
from gateway.domain.finding import Finding, Level, Place
from gateway.domain.money import ZERO, Money, from_cents, round_cents

CashFormat = Literal["lockbox_csv", "bai2"]
_REQUIRED = frozenset(LOCKBOX_COLUMNS[:3])
_AMOUNT = re.compile(r"[0-9]{1,8}(?:\.[0-9]{1,2})?")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_SHORT_DAY = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_CREDITS = range(100, 400)  # BAI2 type codes of single credits; what is 100 to 399 came in
_RETURNS = {"555": "RETURNED", "557": "RETURNED", "559": "RETURNED"}  # of deposited items and ACH


@dataclass(frozen=True, slots=True)
class CashItem:
    """One deposit, or with `return_code` one that went back. `line` is where it stands in the file, from 1."""

    line: int
    amount: Money
    trace: str
    deposited_on: date
    originator: str = ""
    payer_id: str = field(default="", repr=False)
    account: str = ""
    lockbox: str = ""
    return_code: str = ""


@dataclass(frozen=True, slots=True)
class CashFile:
    """Every item of a file; with findings it is refused whole."""

    items: tuple[CashItem, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_cash(content: bytes, how: CashFormat, columns: Mapping[str, str]) -> CashFile:
    """Return the items of a bank's file; `columns` names the CSV's own heads where they are not ours.

    Nothing is raised for what a bank wrote.
    """
    try:
        text = content.decode("utf-8-sig")
        items = tuple(_lockbox(text, columns) if how == "lockbox_csv" else _Bai2().read(text))
    except UnicodeDecodeError:
        return CashFile(findings=(_finding(1, "the file is no UTF-8 text"),))
    except _UnreadableError as error:
        return CashFile(findings=(_finding(error.line, error.problem),))
    except csv.Error:
        return CashFile(findings=(_finding(1, "the file is no CSV that can be read"),))
    return CashFile(items)


class _UnreadableError(Exception):
    """A line that cannot be read; it ends the reading and becomes a finding."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


def _finding(line: int, problem: str) -> Finding:
    message = f"line {line}: {problem}; nothing of the file was taken: send it again, whole"
    return Finding("CASH_UNREADABLE", Level.BUSINESS, message, place=Place(line=line), snip=1)


def _lockbox(text: str, columns: Mapping[str, str]) -> Iterator[CashItem]:
    """Yield the items of a lockbox list: a head, then a row for each item."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    head = [cell.strip() for cell in next(rows, [])]
    at = {ours: head.index(theirs) for ours in LOCKBOX_COLUMNS if (theirs := columns.get(ours, ours)) in head}
    missing = sorted(columns.get(ours, ours) for ours in _REQUIRED - set(at))
    if missing:
        raise _UnreadableError(1, f"there is no column {', '.join(missing)}")
    for row in rows:
        line = rows.line_num
        if not any(row):
            continue
        if len(row) != len(head):
            raise _UnreadableError(line, f"it has {len(row)} cells, the head has {len(head)}")
        cells = {ours: row[number].strip() for ours, number in at.items()}
        if not _AMOUNT.fullmatch(cells["amount"]) or not cells["trace"]:
            raise _UnreadableError(line, "its amount or trace is missing or cannot be read")
        amount = round_cents(Decimal(cells.pop("amount")))
        day = _day(cells.pop("deposited_on"), line)
        yield CashItem(line=line, amount=amount, deposited_on=day, **cells)


def _day(text: str, line: int) -> date:
    """Return a day written CCYY-MM-DD or CCYYMMDD."""
    found = _DAY.fullmatch(text)
    return _date([int(each) for each in found.groups()] if found else [], line)


def _date(parts: Sequence[int], line: int) -> date:
    try:
        year, month, day = parts
        return date(year, month, day)
    except ValueError:
        raise _UnreadableError(line, "its day cannot be read") from None


class _Bai2:
    """Reads BAI2: file (01, 99), groups (02, 98), accounts (03, 49), details (16), continuations (88).

    Totals are proven from the inside out: an account's is the sum of every amount of its 03 and 16, a group's that of
    its accounts, the file's that of its groups.
    """

    def __init__(self) -> None:
        self._items: list[CashItem] = []
        self._day: date | None = None
        self._account = self._group = self._file = 0
        self._is_whole = False

    def read(self, text: str) -> list[CashItem]:
        """Return the items of the file."""
        for line, fields in _records(text):
            match fields[0]:
                case "01":
                    self._file = 0
                case "02":
                    self._group, self._day = 0, self._as_of(fields, line)
                case "03":
                    self._account = sum(_cents(each, line) for each in fields[4::4] if each)
                case "16":
                    self._detail(fields, line)
                case "49":
                    self._group += self._total(self._account, fields, line)
                case "98":
                    self._file += self._total(self._group, fields, line)
                case "99":
                    self._total(self._file, fields, line)
                    self._is_whole = True
                case _:
                    raise _UnreadableError(line, "its record code is none of BAI2")
        if not self._is_whole:
            raise _UnreadableError(1, "the file is cut: it has no trailer (99)")
        return self._items

    def _as_of(self, fields: Sequence[str], line: int) -> date:
        """Return the day of a group (YYMMDD)."""
        found = _SHORT_DAY.fullmatch(fields[4]) if len(fields) > 4 else None
        year, *rest = [int(each) for each in found.groups()] if found else [0]
        return _date([2000 + year, *rest], line)

    def _detail(self, fields: Sequence[str], line: int) -> None:
        """Take one transaction: what came in, and what went back; anything else only counts for the total."""
        if len(fields) < 3 or self._day is None:
            raise _UnreadableError(line, "it has no type code or amount, or stands in no group")
        code, cents = fields[1], _cents(fields[2], line)
        self._account += cents
        if code not in _RETURNS and not (code.isdecimal() and int(code) in _CREDITS):
            return
        references = _after_funds_type(fields)
        trace = next((each for each in reversed(references[:2]) if each), "")
        if not trace:
            raise _UnreadableError(line, "neither its customer nor its bank reference says which payment it is")
        self._items.append(CashItem(line, from_cents(cents), trace, self._day, return_code=_RETURNS.get(code, "")))

    def _total(self, counted: int, fields: Sequence[str], line: int) -> int:
        """Return a control total after it was proven."""
        said = _cents(fields[1] if len(fields) > 1 else "", line)
        if said != counted:
            raise _UnreadableError(
                line, f"its control total is {from_cents(said)}, what it holds is {from_cents(counted)}"
            )
        return said


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, fields) of every record with its continuations."""
    held: tuple[int, list[str]] | None = None
    for line, raw in enumerate(text.splitlines(), start=1):
        record = raw.strip()
        if not record:
            continue
        fields = record.removesuffix("/").split(",")
        if fields[0] == "88":
            if held is None:
                raise _UnreadableError(line, "it continues nothing")
            held[1].extend(fields[1:])
            continue
        if held is not None:
            yield held
        held = (line, fields)
    if held is not None:
        yield held


def _after_funds_type(fields: Sequence[str]) -> Sequence[str]:
    """Return what follows a detail's funds type: bank reference, customer reference, text."""
    kind = fields[3] if len(fields) > 3 else ""
    if kind == "S":
        return fields[7:]
    if kind == "V":
        return fields[6:]
    if kind == "D":
        pairs = int(fields[4]) if len(fields) > 4 and fields[4].isdecimal() else 0
        return fields[5 + 2 * pairs :]
    return fields[4:]


def _cents(text: str, line: int) -> int:
    """Return an amount without a decimal point."""
    if not _WHOLE.fullmatch(text.lstrip("+")):
        raise _UnreadableError(line, "an amount of it cannot be read")
    return int(text)


def total_of(items: Sequence[CashItem]) -> Money:
    """Return what came less what went back."""
    return sum((-each.amount if each.return_code else each.amount for each in items), ZERO)

"""A payout file for the bank: NACHA records of 94 characters, credits only (CCD to companies, PPD to persons)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from gateway.domain.bank import is_aba
from gateway.domain.money import Money, to_cents
from gateway.errors import ValueNotWritable

_RECORD = 94
_BLOCK = 10  # records; what is missing is filled with nines
_CREDITS_ONLY = "220"
_CREDIT_CODES = {"checking": "22", "savings": "32"}
_MODIFIERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_UNSAFE = re.compile(r"[^A-Z0-9 .,&/-]")
_ACCOUNT = re.compile(r"[A-Za-z0-9-]{1,17}")
_HASH_DIGITS = 10**10


@dataclass(frozen=True, slots=True)
class Originator:
    """Who pays: us at our bank."""

    bank_routing: str  # of our bank: immediate destination and ODFI
    bank_name: str
    company_id: str  # ten characters, commonly 1 and the EIN
    company_name: str


@dataclass(frozen=True, slots=True)
class Credit:
    """One payment out. `reference` is what the payee's statement and a return name."""

    routing: str
    account: str = field(repr=False)
    kind: str  # checking or savings
    amount: Money
    reference: str
    payee: str
    is_company: bool = True


def render_payout(
    originator: Originator, payments: Sequence[Credit], *, made_at: datetime, pays_on: date, number: int
) -> bytes:
    """Return the file with every credit; `number` counts the files of the day from 1.

    Raises ValueNotWritable, which names the reference and never the account, for what no bank would take.
    """
    if not 1 <= number <= len(_MODIFIERS):
        raise ValueNotWritable(f"a day has at most {len(_MODIFIERS)} payout files; pay the rest tomorrow")
    _refuse_bad(originator, payments)
    batches = [
        (sec, [each for each in payments if each.is_company == is_company])
        for sec, is_company in (("CCD", True), ("PPD", False))
    ]
    batches = [(sec, of_batch) for sec, of_batch in batches if of_batch]
    lines = [_file_header(originator, made_at, _MODIFIERS[number - 1])]
    trace = 0
    for batch, (sec, of_batch) in enumerate(batches, start=1):
        lines.append(_batch_header(originator, sec, pays_on, batch))
        for each in of_batch:
            trace += 1
            lines.append(_entry(originator, each, trace))
        lines.append(_batch_control(originator, of_batch, batch))
    blocks = -(-(len(lines) + 1) // _BLOCK)
    lines.append(_file_control(payments, len(batches), blocks))
    lines += ["9" * _RECORD] * (blocks * _BLOCK - len(lines))
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _refuse_bad(originator: Originator, payments: Sequence[Credit]) -> None:
    """Raise ValueNotWritable for a bank number with a wrong check digit, or an account or amount that fits nowhere."""
    if not is_aba(originator.bank_routing):
        raise ValueNotWritable("payout.bank_routing is no ABA number: its check digit is wrong")
    for each in payments:
        if not is_aba(each.routing):
            raise ValueNotWritable(f"the bank of {each.reference} is no ABA number: its check digit is wrong")
        if not _ACCOUNT.fullmatch(each.account):
            raise ValueNotWritable(f"the account of {each.reference} is not 1 to 17 letters, digits and hyphens")
        if not 0 < to_cents(each.amount) < _HASH_DIGITS:
            raise ValueNotWritable(f"the amount of {each.reference} does not fit a payout entry")


def _file_header(originator: Originator, made_at: datetime, modifier: str) -> str:
    return _record(
        "101",
        f" {originator.bank_routing}",
        _text(originator.company_id, 10),
        made_at.strftime("%y%m%d%H%M"),
        f"{modifier}094101",
        _text(originator.bank_name, 23),
        _text(originator.company_name, 23),
        " " * 8,
    )


def _batch_header(originator: Originator, sec: str, pays_on: date, batch: int) -> str:
    return _record(
        f"5{_CREDITS_ONLY}",
        _text(originator.company_name, 16),
        " " * 20,
        _text(originator.company_id, 10),
        sec,
        _text("REFUND", 10),
        pays_on.strftime("%y%m%d") * 2,
        "   1",  # the settlement day is the operator's; originator status 1
        originator.bank_routing[:8],
        f"{batch:07d}",
    )


def _entry(originator: Originator, credit: Credit, trace: int) -> str:
    return _record(
        f"6{_CREDIT_CODES[credit.kind]}",
        credit.routing,
        credit.account.ljust(17),
        f"{to_cents(credit.amount):010d}",
        _text(credit.reference, 15),
        _text(credit.payee, 22),
        "  0",
        originator.bank_routing[:8],
        f"{trace:07d}",
    )


def _batch_control(originator: Originator, payments: Sequence[Credit], batch: int) -> str:
    return _record(
        f"8{_CREDITS_ONLY}",
        f"{len(payments):06d}",
        _totals(payments),
        _text(originator.company_id, 10),
        " " * 25,
        originator.bank_routing[:8],
        f"{batch:07d}",
    )


def _file_control(payments: Sequence[Credit], batches: int, blocks: int) -> str:
    return _record("9", f"{batches:06d}", f"{blocks:06d}", f"{len(payments):08d}", _totals(payments), " " * 39)


def _totals(payments: Sequence[Credit]) -> str:
    """Return entry hash, debits and credits: the hash is the sum of the banks' first eight digits, its last ten."""
    hashed = sum(int(each.routing[:8]) for each in payments) % _HASH_DIGITS
    return f"{hashed:010d}{0:012d}{sum(to_cents(each.amount) for each in payments):012d}"


def _text(value: str, width: int) -> str:
    """Return `value` in capitals, cut and filled to `width`; what no bank prints becomes a blank."""
    return _UNSAFE.sub(" ", value.upper())[:width].ljust(width)


def _record(*parts: str) -> str:
    line = "".join(parts)
    if len(line) != _RECORD:
        raise ValueNotWritable(f"a payout record of kind {line[:1]} has {len(line)} characters, not {_RECORD}")
    return line

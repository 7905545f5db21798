"""A remittance and its lines as rows, and back; what is never searched is kept as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from gateway.domain.money import from_cents, to_cents
from gateway.domain.parties import Organization
from gateway.domain.period import Period
from gateway.domain.remittance import Adjustment, Remittance, RemittanceLine
from gateway.store.transaction import Record, Shape, values_of


def remittance_row(set_id: str, remittance: Remittance, receipt_id: str) -> dict[str, Any]:
    """Return the row of a remittance without its lines."""
    row = values_of(remittance)
    for name in ("lines", "period"):
        del row[name]
    payer, receiver = remittance.payer, remittance.receiver
    return row | {
        "set_id": set_id,
        "receipt_id": receipt_id,
        "payer": (payer.name, payer.qualifier, payer.id),
        "receiver": (receiver.name, receiver.qualifier, receiver.id),
        "adjustments": _adjustments(remittance.adjustments),
        **_days(remittance.period),
    }


_LINE = Shape(*(f.name for f in fields(RemittanceLine) if f.name not in {"period", "adjustments"}))
LINE_COLUMNS = ("set_id", "adjustments", "starts_on", "ends_before", *_LINE.names)


def line_values(set_id: str, line: RemittanceLine) -> tuple[object, ...]:
    """Return the values of one remittance line in the order of `LINE_COLUMNS`."""
    period = line.period
    days = (period.starts_on, period.ends_before) if period else (None, None)
    return (set_id, _adjustments(line.adjustments), *days, *_LINE.take(line))


def remittance_of(row: Record, lines: Sequence[Record]) -> Remittance:
    """Return the remittance that a row and the rows of its lines hold."""
    values = row._asdict()
    del values["set_id"], values["receipt_id"]
    period = _period(values)
    payer, receiver = Organization(*values.pop("payer")), Organization(*values.pop("receiver"))
    adjustments = _adjustments_of(values.pop("adjustments"))
    return Remittance(
        payer=payer,
        receiver=receiver,
        period=period,
        adjustments=adjustments,
        lines=tuple(map(_line_of, lines)),
        **values,
    )


def _line_of(row: Record) -> RemittanceLine:
    """Return the line that a row holds."""
    values = row._asdict()
    del values["set_id"]
    period = _period(values)
    return RemittanceLine(period=period, adjustments=_adjustments_of(values.pop("adjustments")), **values)


def _adjustments(adjustments: Iterable[Adjustment]) -> tuple[tuple[int, str], ...]:
    """Return adjustments as cents and reasons."""
    return tuple((to_cents(each.amount), each.reason) for each in adjustments)


def _adjustments_of(kept: Iterable[tuple[int, str]]) -> tuple[Adjustment, ...]:
    """Return adjustments from cents and reasons."""
    return tuple(Adjustment(from_cents(cents), reason) for cents, reason in kept)


def _days(period: Period | None) -> dict[str, Any]:
    """Return a period as two columns."""
    return {"starts_on": period and period.starts_on, "ends_before": period and period.ends_before}


def _period(values: dict[str, Any]) -> Period | None:
    """Take the two columns of a period out of `values`."""
    starts_on, ends_before = values.pop("starts_on"), values.pop("ends_before")
    return None if starts_on is None else Period(starts_on, ends_before)

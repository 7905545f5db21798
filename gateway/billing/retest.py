"""What a correction means for bills that went out already (HF-22), and what was billed after cover ended (HF-23).

Bills are made by difference, so a correction finds its adjustments by itself. These functions say which issued
invoices were looked at again, what is proposed on each, and that nothing is credited twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.billing.difference import Key
from gateway.billing.product import NO_CATALOGUE, Catalogue
from gateway.billing.stretch import billing_period
from gateway.domain.charge import Invoice, InvoiceLine
from gateway.domain.coverage import Coverage, Family
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth
from gateway.errors import InvariantBroken


@dataclass(frozen=True, slots=True)
class Retested:
    """One issued invoice looked at again: its total, and the adjustments that are proposed for what it billed."""

    invoice_id: str
    total: Money
    proposals: tuple[InvoiceLine, ...] = ()

    @property
    def adjusted(self) -> Money:
        """What the proposals come to, signed."""
        return sum((line.amount for line in self.proposals), ZERO)


def retest(
    corrected: CoverageMonth, invoices: Iterable[tuple[Invoice, Sequence[InvoiceLine]]], proposed: Iterable[InvoiceLine]
) -> list[Retested]:
    """Return every invoice that billed a month from `corrected` on, in the order given, with what is proposed on it.

    `proposed` are the lines of the next bill by difference; those that correct an invoice are its proposals. Nothing is
    credited twice: raises InvariantBroken when a membership, product and month is proposed twice, and when more is
    credited than all invoices together billed for it.
    """
    issued = [(invoice, [line for line in lines if line.month >= corrected]) for invoice, lines in invoices]
    standing: dict[Key, Money] = {}
    for _, lines in issued:
        for line in lines:
            standing[_key(line)] = standing.get(_key(line), ZERO) + line.amount
    by_invoice: dict[str, list[InvoiceLine]] = {}
    seen: set[Key] = set()
    for line in proposed:
        if not line.corrects_invoice_id or line.month < corrected:
            continue
        _refuse_double_credit(line, seen, standing)
        by_invoice.setdefault(line.corrects_invoice_id, []).append(line)
    return [
        Retested(invoice.id, invoice.total, tuple(by_invoice.get(invoice.id, ()))) for invoice, lines in issued if lines
    ]


def _refuse_double_credit(line: InvoiceLine, seen: set[Key], standing: Mapping[Key, Money]) -> None:
    """Raise InvariantBroken for a second proposal on the same key, or a credit of more than stands billed."""
    membership_id, product, month = key = _key(line)
    what = f"membership {membership_id}, product {product}, month {month}"
    if key in seen:
        raise InvariantBroken(f"{what} would be adjusted twice")
    seen.add(key)
    if standing.get(key, ZERO) + line.amount < ZERO:
        raise InvariantBroken(f"{what} would be credited for more than was billed")


class ResidueKind(StrEnum):
    """How much of a month stands billed after cover ended."""

    ONE_DAY = "one day"  # a cancellation that was once taken for a day of cover
    PART_OF_MONTH = "part of a month"
    FULL_MONTH = "full month"


@dataclass(frozen=True, slots=True)
class Residue:
    """What stands billed for a month after cover ended, and what the next bill credits of it."""

    membership_id: str
    product: str
    month: CoverageMonth
    kind: ResidueKind
    billed: Money
    credited: Money  # negative

    @property
    def is_credited(self) -> bool:
        """Whether nothing of it stays."""
        return self.billed + self.credited == ZERO


def residues(
    family: Family,
    issued: Iterable[InvoiceLine],
    proposed: Iterable[InvoiceLine],
    *,
    catalogue: Catalogue = NO_CATALOGUE,
) -> list[Residue]:
    """Return what stands billed on `issued` lines for months in which no day is to be billed any more, in order.

    A canceled cover is void from its begin, a terminated one after its last billed day; months that the retro limit
    keeps billed are no residue (DOMAIN 8.3). `proposed` are the lines of the next bill.
    """
    stands: dict[Key, list[InvoiceLine]] = {}
    for line in issued:
        if line.membership_id == family.membership.id and not line.is_fee:
            stands.setdefault(_key(line), []).append(line)
    proposals = {_key(line): line.amount for line in proposed}
    found = []
    for key in sorted(stands):
        billed = sum((line.amount for line in stands[key]), ZERO)
        if billed > ZERO and not _is_billable(family.coverages, key, catalogue):
            found.append(Residue(*key, _kind(stands[key]), billed, proposals.get(key, ZERO)))
    return found


def kept_months(coverage: Coverage) -> list[CoverageMonth]:
    """Return the months that stay billed although the cover ended before them: past the retro limit (DOMAIN 8.3, 9.2).

    They are what a notice of non-creditable months lists.
    """
    billed = billing_period(coverage)
    if billed is None or billed.last_day is None or coverage.period.last_day is None:
        return []
    month, kept = CoverageMonth.of(coverage.period.last_day).next(), []
    while month <= CoverageMonth.of(billed.last_day):
        kept.append(month)
        month = month.next()
    return kept


def _is_billable(coverages: Iterable[Coverage], key: Key, catalogue: Catalogue) -> bool:
    """Tell whether any cover is to be billed for a day of the key's month."""
    _, product, month = key
    periods = (billing_period(each) for each in coverages if catalogue.product_of(each) == product)
    return any(period.overlap(month.period) for period in periods if period is not None)


def _kind(lines: Sequence[InvoiceLine]) -> ResidueKind:
    """Return how much of the month the last line that charged for it stands for."""
    charged = [line for line in lines if line.amount > ZERO][-1]
    if charged.days_covered == 1:
        return ResidueKind.ONE_DAY
    is_full = charged.days_covered == charged.days_in_month
    return ResidueKind.FULL_MONTH if is_full else ResidueKind.PART_OF_MONTH


def _key(line: InvoiceLine) -> Key:
    """Return what a line is about."""
    return (line.membership_id, line.product, line.month)

"""A consolidated bill to every partner that is entitled to all of it, in each of its formats, once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from gateway.billing.statement import statement_of
from gateway.domain.bill_run import ConsolidatedBill
from gateway.domain.exchange import DocumentKind
from gateway.domain.period import CoverageMonth
from gateway.errors import InvariantBroken
from gateway.feeds import consolidated
from gateway.feeds.consolidated import AccountBill, Render
from gateway.feeds.names import file_name
from gateway.feeds.statement import FeedTotals
from gateway.partners.partner import Partner
from gateway.pipeline.accounts import settings_of
from gateway.pipeline.outgoing import Draft, send
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class _Format:
    """How a format is written and proved."""

    kind: DocumentKind
    render: Render
    verify: Callable[[BinaryIO], FeedTotals]


_FORMATS = {
    "csv": _Format(DocumentKind.INVOICE_CSV, consolidated.render_csv, consolidated.verify_csv),
    "json": _Format(DocumentKind.INVOICE_JSON, consolidated.render_json, consolidated.verify_json),
}


def feed_consolidated(plant: Plant, partner: Partner, bill_id: str) -> None:
    """Send a consolidated bill to one partner, if it is entitled to it; each format once, ever."""
    with plant.open_unit() as unit:
        bill = unit.bill_runs.consolidated(bill_id)
        if bill is None:
            return
        accounts = [_account_bill(plant, unit, invoice_id) for invoice_id in bill.invoice_ids]
        if partner.id != bill.partner_id and not {each.invoice.account_id for each in accounts} <= {
            *partner.profile.feeds.accounts
        }:
            return
        for name in partner.profile.feeds.formats:
            _send(plant, unit, partner, bill, (name, accounts))
        unit.commit()


def _account_bill(plant: Plant, unit: UnitOfWork, invoice_id: str) -> AccountBill:
    """Return one account's bill with its name and statement."""
    invoice = unit.invoices.get(invoice_id)
    owner = plant.partner(invoice.partner_id)
    name = settings_of(owner, invoice.account_id).name or owner.profile.name
    return AccountBill(invoice, name, statement_of(invoice, unit.invoices.lines(invoice_id)))


def _send(
    plant: Plant, unit: UnitOfWork, partner: Partner, bill: ConsolidatedBill, written: tuple[str, list[AccountBill]]
) -> None:
    """Render, prove and queue one feed."""
    name, accounts = written
    how = _FORMATS[name]
    draft = Draft(
        key=f"feed/{bill.id}/{partner.id}/{name}",
        kind=how.kind,
        partner_id=partner.id,
        name=file_name(
            kind="consolidated",
            payer=plant.us.id,
            partner=partner.id,
            account=bill.id,
            period=str(CoverageMonth.of(max(each.invoice.cutoff_on for each in accounts))),
            instant=bill.issued_at,
            sequence=1,
            extension=name,
        ),
        folder=partner.profile.delivery.feed_folder,
        subject_id=bill.id,
    )

    def write(out: BinaryIO) -> None:
        how.render(bill, accounts, out)

    document = send(plant, unit, draft, write)
    if document is not None:
        with plant.archive.open(document.kept_path) as kept:
            counted = how.verify(kept)
        if counted != FeedTotals(len(bill.invoice_ids), bill.total):
            raise InvariantBroken(f"the feed of {bill.id} holds {counted.rows} bills and {counted.total}")

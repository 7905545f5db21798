"""Station 7: render an invoice for every entitled partner, and re-add its totals from the bytes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from gateway.billing.invoice import is_consolidated
from gateway.domain.charge import Invoice, InvoiceLine
from gateway.domain.coverage import Family
from gateway.errors import InvariantBroken, StoreUnavailable
from gateway.feeds.names import file_name
from gateway.feeds.registry import RENDERERS
from gateway.feeds.statement import FeedLine, FeedTotals, InvoiceStatement, Renderer, StatementNotes
from gateway.logs import get_logger
from gateway.partners.partner import Partner
from gateway.pipeline.accounts import settings_of
from gateway.pipeline.feed_consolidated import feed_consolidated
from gateway.pipeline.outgoing import Draft, send
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork

_LINES_AT_ONCE = 500


def feed(plant: Plant, invoice_id: str) -> None:
    """Send an invoice, or a consolidated bill, to every partner that gets it at once.

    Partners with a feed schedule wait for theirs.
    """
    _feed_each(plant, [(each, invoice_id) for each in plant.partners.values() if not each.profile.feeds.cron])


def feed_partner(plant: Plant, partner_id: str) -> None:
    """Send a partner every invoice of its accounts that it has not got yet; the slot of its feed schedule."""
    partner = plant.partner(partner_id)
    with plant.open_unit() as unit:
        own = [account.id for account in unit.enrollment.accounts_of(partner_id)]
        issued = unit.invoices.issued_for([*own, *partner.profile.feeds.accounts])
        over = unit.bill_runs.consolidated_over([invoice.id for invoice in issued])
    _feed_each(plant, [(partner, bill_id) for bill_id in [*(invoice.id for invoice in issued), *over]])


def _feed_each(plant: Plant, wanted: Iterable[tuple[Partner, str]]) -> None:
    """Send each invoice to its partner; one that fails is raised when the others are done."""
    failed: Exception | None = None
    for partner, invoice_id in wanted:
        try:
            if is_consolidated(invoice_id):
                feed_consolidated(plant, partner, invoice_id)
            else:
                _feed_one(plant, partner, invoice_id)
        except StoreUnavailable:
            raise
        except Exception as error:
            get_logger(partner=partner.id, invoice=invoice_id).error("not fed", error=type(error).__name__)
            failed = failed or error
    if failed is not None:
        raise failed


def _feed_one(plant: Plant, partner: Partner, invoice_id: str) -> None:
    """Send one invoice to one partner in each of its formats, if it is entitled; each format once, ever."""
    with plant.open_unit() as unit:
        invoice = unit.invoices.get(invoice_id)
        if not _is_entitled(partner, invoice):
            return
        for name in partner.profile.feeds.formats:
            _send(plant, unit, partner, invoice, name)
        unit.commit()


def _is_entitled(partner: Partner, invoice: Invoice) -> bool:
    """Tell whether an invoice may be shown to a partner: its own accounts, and those granted to it (DOMAIN 8.10).

    What a suspended partner is entitled to waits like all its documents, so that none is missing when it is back.
    """
    return invoice.partner_id == partner.id or invoice.account_id in partner.profile.feeds.accounts


def _key(invoice: Invoice, partner: Partner, name: str) -> str:
    """Return what makes a feed unique: invoice, partner, format."""
    return f"feed/{invoice.id}/{partner.id}/{name}"


def _send(plant: Plant, unit: UnitOfWork, partner: Partner, invoice: Invoice, name: str) -> None:
    """Render, prove and queue one feed."""
    renderer = RENDERERS[name]
    owner = plant.partner(invoice.partner_id)
    statement = InvoiceStatement(
        invoice=invoice,
        account_name=settings_of(owner, invoice.account_id).name or owner.profile.name,
        lines=_feed_lines(unit, invoice.id),
        bill_group=invoice.account_id,
        notes=statement_notes(plant),
    )
    draft = Draft(
        key=_key(invoice, partner, name),
        kind=renderer.kind,
        partner_id=partner.id,
        name=file_name(
            kind="invoice",
            payer=plant.us.id,
            partner=partner.id,
            account=invoice.account_id,
            period=f"{invoice.cutoff_on:%Y-%m}",
            instant=invoice.issued_at,
            sequence=1,
            extension=renderer.extension,
        ),
        folder=partner.profile.delivery.feed_folder,
        subject_id=invoice.id,
    )
    document = send(plant, unit, draft, lambda out: _write(renderer, statement, out))
    if document is not None:
        with plant.archive.open(document.kept_path) as kept:
            _prove(invoice, renderer.verify(kept))


def statement_notes(plant: Plant) -> StatementNotes:
    """Return what our statements tell besides their figures."""
    texts, us = plant.settings.statement, plant.settings.identity
    return StatementNotes(
        how_to_pay=texts.how_to_pay,
        how_to_dispute=texts.how_to_dispute,
        grace=texts.grace,
        contact_name=us.contact_name,
        contact_phone=us.contact_phone,
        contact_email=us.contact_email,
    )


def _write(renderer: Renderer, statement: InvoiceStatement, out: BinaryIO) -> None:
    """Render a statement."""
    renderer.render(statement, out)


def _prove(invoice: Invoice, counted: FeedTotals) -> None:
    """Hold the totals that were re-added from the kept bytes against the invoice."""
    if counted != FeedTotals(invoice.lines_count, invoice.total):
        raise InvariantBroken(f"the feed of {invoice.id} holds {counted.rows} lines and {counted.total}")


def _feed_lines(unit: UnitOfWork, invoice_id: str) -> Iterator[FeedLine]:
    """Yield an invoice's lines with what the partner knows each subscriber by, a chunk of families at a time."""
    lines = unit.invoices.lines(invoice_id)
    while chunk := list(islice(lines, _LINES_AT_ONCE)):
        families = unit.enrollment.families({line.membership_id for line in chunk})
        yield from _with_names(chunk, families)


def _with_names(lines: Sequence[InvoiceLine], families: dict[str, Family]) -> Iterator[FeedLine]:
    """Yield lines with subscriber id and name; a fee of the account belongs to no membership and has neither."""
    for line in lines:
        family = families.get(line.membership_id)
        if family is None:  # a fee of the whole account
            yield FeedLine(line, "")
            continue
        subscriber = next((member.person for member in family.members if member.is_subscriber), None)
        name = f"{subscriber.last_name}, {subscriber.first_name}" if subscriber else ""
        yield FeedLine(line, family.membership.subscriber_id, name)

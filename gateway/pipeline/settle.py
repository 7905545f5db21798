"""Station 4b: one 820 set to receipt, placements and journal; every cent of the money gets a place."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.domain.exchange import LogEvent, SetRecord, SetState
from gateway.domain.finding import Finding
from gateway.domain.identity import content_id
from gateway.domain.money import ZERO
from gateway.domain.remittance import Case, Receipt, Remittance, Settlement, UnplacedReason
from gateway.errors import ConcurrentChange, InvariantBroken
from gateway.logs import get_logger
from gateway.pipeline.books import load_books, remittance_rules
from gateway.pipeline.case_desk import open_cases
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.association import Association, associate, nearby_receipt_ids
from gateway.remittance.balance import check_balance
from gateway.remittance.journal import receipt_entries, release_entries, settlement_entries
from gateway.remittance.ladder import place
from gateway.transactions.premium_payment_820 import read_820
from gateway.x12.reader import read_set

_TWIN_DAYS = 15  # equal payments further apart are next month's


@dataclass(frozen=True, slots=True)
class Result:
    """How the set ends, and the sentence of the log."""

    state: SetState
    text: str
    findings: tuple[Finding, ...] = ()


def settle(plant: Plant, record: SetRecord) -> None:
    """Apply one 820 set: find or announce its receipt, place the money when it is there, post it; one transaction.

    A set whose money has not come yet waits; the set that brings the money ends its waiting. A set that says what
    was said before, or cannot be read, is refused without an effect (DOMAIN 5.4, 7.6).
    """
    partner = plant.partner(record.partner_id)
    with plant.archive.open(record.kept_path) as stream:
        segments = read_set(stream, record.set.byte_start, record.set.byte_end, record.delimiters)
        remittance, findings = read_820(segments, record.delimiters, guide=record.set.guide)
    with plant.open_unit() as unit:
        if any(finding.is_error for finding in findings):
            result = Result(SetState.REFUSED, "an amount or date cannot be read; see its findings", findings)
        else:
            result = take(plant, unit, record, remittance)
        unit.exchanges.add_findings(record.file_id, record.id, result.findings)
        unit.exchanges.move_set(record.id, result.state, expected=[SetState.CHECKED], reason=result.text)
        text = f"820 {record.set.control_number} {result.state}: {result.text}"
        unit.record(LogEvent(content_id("E", record.id), plant.clock.now(), "settle", record.file_id, record.id, text))
        unit.commit()
    get_logger(partner=partner.id, file=record.file_id, transaction_set=record.id).info(
        "settled", state=result.state.value, findings=len(result.findings)
    )


def take(plant: Plant, unit: UnitOfWork, record: SetRecord, remittance: Remittance, *, item: int = 0) -> Result:
    """Bring remittance and money together and place what can be placed, in the caller's transaction.

    `item` numbers what a set says where that is more than one thing: a line of a bank's list of deposits.
    """
    partner = plant.partner(record.partner_id)
    agreed = partner.profile.remittance
    nobodys = [replace(remittance, originator="")] if remittance.originator else []  # of a bank that names no payer
    ids = (each for told in (remittance, *nobodys) for each in nearby_receipt_ids(told))
    known = (unit.ledger.receipt(receipt_id) for receipt_id in ids)
    existing = next((receipt for receipt in known if receipt is not None), None)
    if existing is not None and unit.money.returned(existing.id):
        return Result(SetState.IGNORED, f"the bank took receipt {existing.id} back: kept, nothing is applied")
    association = associate(
        remittance,
        existing,
        set_id=record.id,
        partner_id=partner.id,
        confirms_cash=agreed.confirms_cash,
        apply_before_confirmation=agreed.apply_before_confirmation,
    )
    if association.finding is not None:
        return Result(SetState.REFUSED, association.finding.message, (association.finding,))
    receipt = association.receipt
    if receipt is None:
        return Result(SetState.IGNORED, "a report or prenote over no money: kept, nothing to apply")
    if not item:
        unit.ledger.add_remittance(record.id, remittance, receipt.id)
    if existing is not None:
        unit.ledger.update_receipt(receipt)
    elif not unit.ledger.add_receipt(receipt):
        raise ConcurrentChange(f"another set told of receipt {receipt.id} at the same time; this one looks again")
    told = check_balance(remittance, remittance_rules(partner).adx_sign).finding
    findings = (told,) if told else ()
    if association.apply_now:
        text = _place(plant, unit, record, remittance, association, ordinal=item)
    elif association.waiting:
        return Result(SetState.WAITING, f"waits for the money, receipt {receipt.id} of {receipt.amount}", findings)
    else:
        text = f"receipt {receipt.id} was placed before; this set completes it."
    _end_waiting(plant, unit, receipt, record)
    return Result(SetState.APPLIED, text, findings)


def _place(
    plant: Plant,
    unit: UnitOfWork,
    record: SetRecord,
    remittance: Remittance,
    association: Association,
    *,
    ordinal: int,
) -> str:
    """Place the receipt by the set that explains it, post every piece, open the cases; return the log's sentence.

    Whose right to pay counts is the partner's that explains the money; a bank that only brings it explains nothing.
    """
    receipt = association.receipt
    if receipt is None:
        raise InvariantBroken(f"set {record.id}: money was to be placed that no receipt holds")
    explaining, partner_id = remittance, record.partner_id
    if receipt.remittance_set_id and receipt.remittance_set_id != record.id:
        explaining = unit.ledger.remittance(receipt.remittance_set_id) or remittance
        partner_id = unit.exchanges.get_set(receipt.remittance_set_id).partner_id
    rules = remittance_rules(plant.partner(partner_id))
    books = load_books(plant, unit, explaining)
    settlement = place(explaining, receipt.amount, books, rules)
    on = receipt.settles_on or plant.clock.business_date()
    source = record.source.key(ordinal)
    entries = receipt_entries(receipt, on)
    if association.release_first:
        released = unit.ledger.release(receipt.id)
        entries += release_entries(released, receipt, on, source, set_id=record.id)
    entries += settlement_entries(settlement, receipt, on, source, set_id=record.id)
    unit.ledger.append(entries)
    unit.ledger.add_placements(receipt.id, settlement.placements)
    unit.money.await_members(receipt.id, _awaited(explaining, settlement))
    open_cases(plant, unit, [*settlement.cases, *_duplicates(unit, receipt, settlement)])
    return _sentence(receipt, settlement)


def _awaited(explaining: Remittance, settlement: Settlement) -> Iterator[str]:
    """Yield the ids of members whose money came before they did: binder money (DOMAIN 3.9)."""
    unknown = {each.line for each in settlement.placements if each.reason is UnplacedReason.NO_MEMBER}
    for line in explaining.lines if unknown else ():
        if line.ordinal in unknown:
            yield from line.member_ids


def _duplicates(unit: UnitOfWork, receipt: Receipt, settlement: Settlement) -> list[Case]:
    """Return the case of money that pays nothing and equals an earlier payment of the same payer (FEATURES HC-27)."""
    if any(each.reason is None for each in settlement.placements):
        return []
    twins = unit.money.twins(receipt, _TWIN_DAYS)
    if not twins:
        return []
    account_id = next((each.account_id for each in settlement.placements if each.account_id), "")
    text = (
        f"Payment {receipt.id} pays nothing that is owed and equals payment {twins[0]} of the same payer: "
        f"ask whether it was sent twice, then refund it, or take it back if the mistake was ours."
    )
    return [Case(f"DUPLICATE_PAYMENT/{receipt.id}", "DUPLICATE_PAYMENT", account_id, "", receipt.amount, text)]


def _sentence(receipt: Receipt, settlement: Settlement) -> str:
    """Say where the money went: the three sums are the receipt, always."""
    applied = sum((p.amount for p in settlement.placements if p.reason is None), ZERO)
    suspense = sum((p.amount for p in settlement.placements if p.is_suspense), ZERO)
    unapplied = receipt.amount - applied - suspense
    reasons = sorted({p.reason.value for p in settlement.placements if p.reason is not None})
    why = f" ({', '.join(reasons)})" if reasons else ""
    cases = f"; {len(settlement.cases)} case(s) opened" if settlement.cases else ""
    written_off = sum((w.amount for w in settlement.write_offs), ZERO)
    gave_up = f", {written_off} written off within tolerance" if written_off else ""
    return (
        f"receipt {receipt.id} of {receipt.amount}: {applied} applied, {unapplied} unapplied, "
        f"{suspense} in suspense{why}{gave_up}{cases}."
    )


def _end_waiting(plant: Plant, unit: UnitOfWork, receipt: Receipt, record: SetRecord) -> None:
    """End the waiting of the set that had explained money which has now come, and say so in its file's own timeline."""
    for set_id in {receipt.remittance_set_id, receipt.cash_set_id} - {record.id, ""}:
        reason = f"its money came with set {record.id}"
        if unit.exchanges.move_set(set_id, SetState.APPLIED, expected=[SetState.WAITING], reason=reason):
            waited = unit.exchanges.get_set(set_id)
            text = f"820 {waited.set.control_number} applied: {reason}"
            key = content_id("E", set_id, "money came")
            unit.record(LogEvent(key, plant.clock.now(), "settle", waited.file_id, set_id, text))

"""Station 4b for a bank's list of deposits: money that arrived meets what was remitted; what went back is undone."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from gateway.domain.exchange import LogEvent, ReceivedFile, SetRecord, SetState
from gateway.domain.finding import Finding, Level, Place
from gateway.domain.identity import content_id
from gateway.domain.parties import Organization
from gateway.domain.remittance import Handling, Remittance
from gateway.errors import InvariantBroken
from gateway.logs import get_logger
from gateway.partners.profile import Cash as Agreed
from gateway.pipeline.no_x12 import CASH, Checked, is_called_like, record_no_x12
from gateway.pipeline.plant import Plant
from gateway.pipeline.returns import take_back_in
from gateway.pipeline.settle import take
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.association import nearby_receipt_ids
from gateway.transactions.cash_items import CashFile, CashItem, read_cash, total_of

_DUPLICATE = "DUPLICATE_REMITTANCE"


def cash_of(plant: Plant, file: ReceivedFile) -> Agreed | None:
    """Return what was agreed with the bank when this file is its list of deposits by name, and no X12."""
    agreed = plant.partner(file.partner_id).profile.cash
    return agreed if agreed is not None and is_called_like(plant, file, agreed.files) else None


def record_cash(plant: Plant, unit: UnitOfWork, file: ReceivedFile, agreed: Agreed) -> None:
    """Check a list of deposits as a whole and record it; one that cannot be read is refused with its reason."""
    found = _read(plant, file.kept_path, agreed)
    checked = Checked(CASH, agreed.format, "", len(found.items), found.findings)
    record_no_x12(plant, unit, file, checked)


def settle_cash(plant: Plant, record: SetRecord) -> None:
    """Take every item of a list in one transaction with the list's end; an item that came before counts once.

    A deposit meets the remittance that announced it by trace, amount and day, whichever came first (DOMAIN 5.4); one
    whose payer is not named takes the name from there. An item with a return code undoes its deposit.
    """
    agreed = plant.partner(record.partner_id).profile.cash
    if agreed is None:
        raise InvariantBroken(f"set {record.id}: [cash] is gone from the profile of {record.partner_id}; put it back")
    found = _read(plant, record.kept_path, agreed)
    ends: Counter[str] = Counter()
    findings: list[Finding] = []
    with plant.open_unit() as unit:
        seen: set[CashItem] = set()
        for item in found.items:
            alike = replace(item, line=0)
            end, told = _said_twice(item) if alike in seen else _take_item(plant, unit, record, item)
            seen.add(alike)
            ends[end] += 1
            findings += told
        unit.exchanges.add_findings(record.file_id, record.id, findings)
        counted = ", ".join(f"{count} {what}" for what, count in sorted(ends.items())) or "no item"
        text = f"a list of {len(found.items)} item(s), {total_of(found.items)}: {counted}."
        unit.exchanges.move_set(record.id, SetState.APPLIED, expected=[SetState.CHECKED], reason=text)
        key = content_id("E", record.id)
        unit.record(LogEvent(key, plant.clock.now(), "settle", record.file_id, record.id, f"cash applied: {text}"))
        unit.commit()
    get_logger(partner=record.partner_id, file=record.file_id).info("cash settled", items=len(found.items))


def _read(plant: Plant, kept_path: str, agreed: Agreed) -> CashFile:
    with plant.archive.open(kept_path) as stream:
        return read_cash(stream.read(plant.settings.limits.file_bytes), agreed.format, agreed.columns)


def _take_item(plant: Plant, unit: UnitOfWork, record: SetRecord, item: CashItem) -> tuple[str, tuple[Finding, ...]]:
    """Apply one item; return how it ended, and what is to be said about it."""
    said = _said(item)
    if item.return_code:
        return _take_back(plant, unit, record, item, said)
    originator = item.originator or unit.money.originator_of(item.trace, item.amount, item.deposited_on)
    result = take(plant, unit, record, replace(said, originator=originator), item=item.line)
    if result.state is SetState.REFUSED:
        return "known before", tuple(replace(each, place=Place(line=item.line)) for each in result.findings)
    return "taken", result.findings


def _said_twice(item: CashItem) -> tuple[str, tuple[Finding, ...]]:
    """Answer a line that says what an earlier line of the same list says: it counts once (DOMAIN 7.6)."""
    message = f"line {item.line}: the same deposit stands in an earlier line; it is counted once"
    return "known before", (Finding(_DUPLICATE, Level.BUSINESS, message, place=Place(line=item.line), snip=7),)


def _take_back(
    plant: Plant, unit: UnitOfWork, record: SetRecord, item: CashItem, said: Remittance
) -> tuple[str, tuple[Finding, ...]]:
    """Undo the deposit that an item says went back."""
    receipt_id = next(_known_under(unit, item, said), "")
    receipt = unit.ledger.receipt(receipt_id) if receipt_id else None
    if receipt is None:
        message = f"line {item.line}: what went back is no deposit that we know; ask the bank which one it was"
        finding = Finding("RETURN_UNKNOWN", Level.BUSINESS, message, place=Place(line=item.line), snip=7)
        return "returned, unknown", (finding,)
    take_back_in(plant, unit, receipt, code=item.return_code, by=record.partner_id, reason="said the bank")
    return "returned", ()


def _known_under(unit: UnitOfWork, item: CashItem, said: Remittance) -> Iterator[str]:
    """Yield the ids of the receipts that an item may mean, those of its own days first, then by trace and amount."""
    for receipt_id in nearby_receipt_ids(said):
        if unit.ledger.receipt(receipt_id) is not None:
            yield receipt_id
    yield from unit.money.receipts_of_trace(item.trace, item.amount)


def _said(item: CashItem) -> Remittance:
    """Return an item as what an 820 with money alone would say (BPR01 = D)."""
    references = (("14", item.account), ("LB", item.lockbox))
    return Remittance(
        handling=Handling.PAYMENT_ONLY,
        amount=item.amount,
        method="ACH",
        trace=item.trace,
        originator=item.originator,
        settles_on=item.deposited_on,
        payer=Organization(id=item.payer_id),
        receiver=Organization(),
        references=tuple(each for each in references if each[1]),
    )

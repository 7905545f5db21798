"""The 820s that the simulated bank and exchange send, made from the invoice feeds they or their clients received."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from gateway.domain.exchange import Party
from gateway.x12.writer import GroupHead, InterchangeHead, InterchangeWriter

INSURER = Party("ZZ", "EXAMPLEHEALTH")
_ROUTING = "123456780"  # its check digit is right, its bank does not exist


@dataclass(frozen=True, slots=True)
class Feed:
    """What a payer reads in a JSON invoice feed: enough to pay it."""

    invoice_id: str
    account_id: str
    total: Decimal


def read_feeds(folder: Path) -> list[Feed]:
    """Return the invoices that were delivered into a partner's folder, in the order of their numbers."""
    documents = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    feeds = [Feed(each["invoice_id"], each["account_id"], Decimal(each["summary"]["total"])) for each in documents]
    return sorted(feeds, key=lambda feed: feed.invoice_id)


def pay_invoice(feed: Feed, amount: Decimal, *, payer: str, tax_id: str, trace: str, on: datetime) -> bytes:
    """Return the 820 (005010X218) with which the bank brings `amount` for one invoice, money and remittance in one."""
    out = io.BytesIO()
    with _set_of(out, "ELM", trace, on, "005010X218") as writer:
        day = f"{on:%Y%m%d}"
        account = ("01", _ROUTING, "DA", "1230045")
        writer.segment("BPR", "C", amount, "C", "ACH", "CTX", *account, f"1{tax_id}", "", *account, day)
        writer.segment("TRN", "1", trace, f"1{tax_id}")
        writer.segment("REF", "14", feed.account_id)
        writer.segment("DTM", "009", day)
        writer.segment("N1", "PE", "EXAMPLE HEALTH PLAN", "FI", "987654321")
        writer.segment("N1", "PR", payer, "FI", tax_id)
        writer.segment("ENT", "1", "2L", "FI", tax_id)
        writer.segment("RMR", "IK", feed.invoice_id, "PI", amount, feed.total)
        if amount != feed.total:
            writer.segment("ADX", amount - feed.total, "H6")
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class PolicyPayment:
    """One policy in an exchange's 820: who, and pairs of payment type and signed amount for a month."""

    subscriber_id: str
    last_name: str
    first_name: str
    payments: tuple[tuple[str, Decimal], ...]


def pay_subsidies(policies: tuple[PolicyPayment, ...], *, trace: str, on: datetime, period: str) -> bytes:
    """Return the exchange's 820 (005010X306): advance credits less its fee, for `period` as `CCYYMMDD-CCYYMMDD`."""
    total = sum((amount for policy in policies for _, amount in policy.payments), Decimal(0))
    out = io.BytesIO()
    with _set_of(out, "DUNES", trace, on, "005010X306") as writer:
        bank = ("01", _ROUTING, "DA", "1230045")
        writer.segment("BPR", "I", total, "C", "ACH", "CCP", "", "", "", "", "", "", *bank, f"{on:%Y%m%d}")
        writer.segment("TRN", "3", trace)
        writer.segment("N1", "PE", "EXAMPLE HEALTH PLAN", "FI", "987654321")
        writer.segment("N1", "RM", "DUNES EXCHANGE", "58", "DUNES")
        writer.segment("PER", "IC", "PAYMENTS DESK", "TE", "5555550100")
        for number, policy in enumerate(policies, 1):
            writer.segment("ENT", number)
            person = (policy.last_name, policy.first_name)
            writer.segment("NM1", "IL", "1", *person, "", "", "", "C1", policy.subscriber_id)
            writer.segment("REF", "38", "12345IL0010001")
            writer.segment("REF", "POL", f"P{policy.subscriber_id}")
            writer.segment("REF", "0F", policy.subscriber_id)
            for kind, amount in policy.payments:
                writer.segment("RMR", "ZZ", kind, "", amount)
                writer.segment("DTM", "582", "", "", "", "RD8", period)
    return out.getvalue()


@contextmanager
def _set_of(out: io.BytesIO, sender: str, trace: str, on: datetime, guide: str) -> Iterator[InterchangeWriter]:
    """Open the envelope of one 820 from a simulated partner; its control number follows from the trace."""
    number = f"{int.from_bytes(trace.encode()[-3:], 'big') % 10**9:09d}"
    head = InterchangeHead(Party("ZZ", sender), INSURER, number, on.astimezone(UTC), ack_requested=True)
    with (
        InterchangeWriter(out, head) as writer,
        writer.group(GroupHead("RA", sender, INSURER.id, str(int(number)), guide)),
        writer.transaction_set("820", guide=guide),
    ):
        yield writer

"""The header of an 820: BPR, TRN, REF, DTM and the parties (DOMAIN 5.1 and 6)."""

from gateway.domain.money import ZERO, Money
from gateway.domain.parties import Organization
from gateway.domain.remittance import Handling, Remittance
from gateway.transactions.loops_820 import references
from gateway.transactions.values_820 import ValueReader
from gateway.x12.reader import Segment


def read_header(segments: list[Segment], values: ValueReader, *, is_exchange: bool) -> Remittance:
    """Return a remittance without lines; findings go to `values`.

    The premium payer is N1*PR, or N1*RM where that is absent (X306, and senders of X218 that confuse the two). A set
    without BPR or trace, or with a handling code that is none, has an error finding.
    """
    bpr = next((segment for segment in segments if segment.tag == "BPR"), None)
    trn = next((segment for segment in segments if segment.tag == "TRN"), None)
    if bpr is None:
        values.miss("PAYMENT_MISSING", "BPR", 2, "is missing: what was paid is not said; send the set with its BPR")
    if trn is None or not trn.element(2):
        # Without a trace the money of one payer could be taken for another's.
        values.miss("TRACE_MISSING", "TRN", 2, "is missing: remittance and money cannot be brought together")
    return Remittance(
        handling=_handling(bpr, values),
        amount=_paid(bpr, values),
        method=bpr.element(4) if bpr else "",
        trace=trn.element(2) if trn else "",
        originator=trn.element(3) if trn else "",
        settles_on=values.day(bpr, 16) if bpr else None,
        payer=_party(segments, "PR", "RM"),
        receiver=_party(segments, "PE"),
        references=references(segments),
        period=values.period(segments),
        is_exchange=is_exchange,
    )


def _handling(bpr: Segment | None, values: ValueReader) -> Handling:
    code = bpr.element(1) if bpr else ""
    if bpr and code not in {handling.value for handling in Handling}:
        values.refuse("UNKNOWN_HANDLING", bpr, 1, "is not a handling code we act on: C, D, I, P, U or X")
    return Handling(code) if code in {handling.value for handling in Handling} else Handling.REMITTANCE_ONLY


def _paid(bpr: Segment | None, values: ValueReader) -> Money:
    if bpr is None:
        return ZERO
    amount = values.required_amount(bpr, 2)
    if amount < ZERO:
        values.refuse("UNREADABLE_AMOUNT", bpr, 2, "is negative; a payment is 0 or more")
    return amount


def _party(segments: list[Segment], *codes: str) -> Organization:
    for code in codes:
        for segment in segments:
            if segment.tag == "N1" and segment.element(1) == code:
                return Organization(segment.element(2), segment.element(3), segment.element(4))
    return Organization()

"""820 from a health insurance exchange to the issuer, 005010X306 (DOMAIN 6)."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Finding
from gateway.domain.remittance import Remittance, RemittanceLine
from gateway.transactions.header_820 import read_header
from gateway.transactions.loops_820 import EntityLoop, LineLoop, adjustments, references, split_loops
from gateway.transactions.values_820 import ValueReader
from gateway.x12.reader import Segment

GUIDE = "005010X306"


def read_exchange_remittance(
    segments: Iterator[Segment],
    delimiters: Delimiters,  # noqa: ARG001  the same face as the other reader; no X306 element we read is composite
) -> tuple[Remittance, tuple[Finding, ...]]:
    """Return what an exchange's 820 says, with findings for all that cannot be read.

    Each RMR is one line: RMR02 is its payment type, RMR04 its signed amount. A line of an ENT loop with an enrollee
    knows the member by REF*0F (our subscriber id), NM109 (the exchange's), REF*POL and REF*AZ, in this order; one of
    a loop without an enrollee is program-level and knows none.
    """
    values = ValueReader()
    header, entities = split_loops(segments)
    remittance = read_header(header, values, is_exchange=True)
    lines: list[RemittanceLine] = []
    for entity in entities:
        member_ids = _member_ids(entity)
        of_entity = references(entity.own)
        lines += [
            _line(loop, len(lines) + number, member_ids, of_entity, values)
            for number, loop in enumerate(entity.lines, start=1)
        ]
    return replace(remittance, lines=tuple(lines)), tuple(values.findings)


def _line(
    loop: LineLoop,
    ordinal: int,
    member_ids: tuple[str, ...],
    of_entity: tuple[tuple[str, str], ...],
    values: ValueReader,
) -> RemittanceLine:
    rmr = loop.rmr
    return RemittanceLine(
        ordinal=ordinal,
        position=rmr.position,
        is_individual=bool(member_ids),
        qualifier=rmr.element(1),
        reference=rmr.element(2),
        action=rmr.element(3),
        paid=values.required_amount(rmr, 4),
        billed=values.optional_amount(rmr, 5),
        member_ids=member_ids,
        references=of_entity + loop.references(),
        period=values.period(loop.followers),
        adjustments=adjustments(loop.followers, values),
    )


def _member_ids(entity: EntityLoop) -> tuple[str, ...]:
    name = entity.first("NM1")
    found = dict(reversed(references(entity.own)))
    ids = (found.get("0F", ""), name.element(9) if name else "", found.get("POL", ""), found.get("AZ", ""))
    return tuple(dict.fromkeys(filter(None, ids)))

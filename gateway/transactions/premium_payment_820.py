"""820 premium payment, 005010X218 and its forerunner 004010X061A1 (DOMAIN 5.1 and 5.2)."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Finding
from gateway.domain.remittance import Adjustment, Remittance, RemittanceLine
from gateway.transactions import exchange_payment_820
from gateway.transactions.header_820 import read_header
from gateway.transactions.loops_820 import EntityLoop, LineLoop, adjustments, head_count, references, split_loops
from gateway.transactions.values_820 import ValueReader
from gateway.x12.reader import Segment

_INDIVIDUAL = "2J"  # ENT02


def read_820(
    segments: Iterator[Segment], delimiters: Delimiters, *, guide: str
) -> tuple[Remittance, tuple[Finding, ...]]:
    """Return what an 820 says, read by its guide: 005010X306 is an exchange's, everything else a premium payment's.

    `segments` are those of one set, ST to SE. Nothing is raised for what a partner wrote: an error finding refuses the
    set, and the remittance that comes with it must not be applied.
    """
    if guide.startswith(exchange_payment_820.GUIDE):
        return exchange_payment_820.read_exchange_remittance(segments, delimiters)
    return read_remittance(segments, delimiters)


def read_remittance(segments: Iterator[Segment], delimiters: Delimiters) -> tuple[Remittance, tuple[Finding, ...]]:
    """Return what a premium payment's 820 says, with findings for all that cannot be read.

    Lines of loop 2000A are organisation lines, those of 2000B individual ones, numbered through in the order sent.
    ADX in 2200 adjust the whole remittance, ADX in 2320 their line. An individual line knows its member by RMR02
    (unless that is an invoice), ENT04 and NM109, in this order.
    """
    values = ValueReader()
    header, entities = split_loops(segments)
    remittance = read_header(header, values, is_exchange=False)
    lines: list[RemittanceLine] = []
    earlier: list[Adjustment] = []
    for entity in entities:
        earlier += adjustments(entity.own, values)
        for loop in entity.lines:
            lines.append(_line(entity, loop, len(lines) + 1, values, delimiters))
    return replace(remittance, lines=tuple(lines), adjustments=tuple(earlier)), tuple(values.findings)


def _line(
    entity: EntityLoop, loop: LineLoop, ordinal: int, values: ValueReader, delimiters: Delimiters
) -> RemittanceLine:
    rmr = loop.rmr
    is_individual = _is_individual(entity)
    return RemittanceLine(
        ordinal=ordinal,
        position=rmr.position,
        is_individual=is_individual,
        qualifier=rmr.element(1),
        reference=rmr.element(2),
        action=rmr.element(3),
        paid=values.required_amount(rmr, 4),
        billed=values.optional_amount(rmr, 5),
        member_ids=_member_ids(entity, rmr) if is_individual else (),
        references=references(entity.own) + loop.references(),
        period=values.period(loop.followers),
        adjustments=adjustments(loop.followers, values),
        head_count=head_count(loop, values, delimiters),
    )


def _is_individual(entity: EntityLoop) -> bool:
    """Whether the loop is 2000B: ENT02 says so, or it names a person although ENT02 says nothing."""
    kind = entity.ent.element(2) if entity.ent else ""
    return kind == _INDIVIDUAL or (not kind and entity.first("NM1") is not None)


def _member_ids(entity: EntityLoop, rmr: Segment) -> tuple[str, ...]:
    name = entity.first("NM1")
    ids = (
        rmr.element(2) if rmr.element(1) != "IK" else "",
        entity.ent.element(4) if entity.ent else "",
        name.element(9) if name else "",
    )
    return tuple(dict.fromkeys(filter(None, ids)))

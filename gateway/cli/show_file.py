"""A file's timeline on a terminal."""

from collections.abc import Iterator

import click

from gateway.cli.tables import as_text, print_table
from gateway.domain.finding import Place
from gateway.ports.queries import Attempt, DocumentLine, Timeline

Row = tuple[object, ...]


def print_file(timeline: Timeline) -> None:
    """Print what came, what was decided and what went out, in that order."""
    file = timeline.file
    click.echo(f"file {file.id} of {file.partner_id}: {file.state}{f' ({file.reason})' if file.reason else ''}")
    click.echo(f"{file.name}, {file.size_bytes} bytes, kept as {file.kept_path}")
    steps = timeline.steps
    print_table(
        "What happened",
        ("AT (UTC)", "STATION", "ABOUT", "WHAT"),
        (
            (step.at, step.station, "" if step.subject_id == file.id else step.subject_id, step.text)
            for step in steps.items
        ),
        left_out=steps.left_out,
    )
    _print_checked(timeline)
    _print_discrepancies(timeline)
    _print_caused(timeline)
    print_documents(timeline.documents)


def _print_checked(timeline: Timeline) -> None:
    """Print envelopes, sets and findings."""
    print_table(
        "Envelopes",
        ("LEVEL", "CONTROL NUMBER", "GUIDE", "ACK", "NOTE"),
        ((each.level, each.control_number, each.guide, each.ack, each.note) for each in timeline.envelopes),
    )
    print_table(
        "Transaction sets",
        ("SET", "ISA13/GS06/ST02", "TYPE", "ACK", "STATE", "SEGMENTS", "FINDINGS", "REASON"),
        (
            (
                each.id,
                f"{each.isa13}/{each.gs06}/{each.st02}",
                each.type,
                each.ack,
                each.state,
                each.segments,
                each.findings.total,
                each.reason,
            )
            for each in timeline.sets.items
        ),
        left_out=timeline.sets.left_out,
    )
    print_table(
        "Reviews",
        ("AT (UTC)", "SET", "DECISION", "BY", "WITHOUT", "REASON"),
        (
            (each.at, each.set_id, each.verdict, each.by, ", ".join(each.waived), each.reason)
            for each in timeline.reviews
        ),
    )
    left_out = sum(each.findings.left_out for each in timeline.sets.items)
    print_table("Findings", ("CODE", "SEVERITY", "ON", "PLACE", "WHAT"), _findings(timeline), left_out=left_out)


def _print_discrepancies(timeline: Timeline) -> None:
    """Print how a file that compares and what is on file disagree."""
    print_table(
        "Discrepancies: the file compares, nothing was changed",
        ("SET", "INS", "SUBSCRIBER", "MEMBER", "WHAT", "LINE", "PLAN", "ON FILE", "IN THE FILE"),
        (
            (
                each.st02,
                each.ordinal,
                each.subscriber_id,
                each.member_id,
                each.kind,
                each.insurance_line,
                each.plan,
                each.on_file,
                each.sent,
            )
            for each in timeline.discrepancies.items
        ),
        left_out=timeline.discrepancies.left_out,
    )


def _findings(timeline: Timeline) -> Iterator[Row]:
    """Yield the findings of the file, its envelopes and its sets."""
    groups = [
        ("file", timeline.findings),
        *((f"{each.level} {each.control_number}", each.findings) for each in timeline.envelopes),
        *((f"set {each.st02}", each.findings.items) for each in timeline.sets.items),
    ]
    for on, findings in groups:
        for each in findings:
            yield each.code, each.severity, on, place_text(each.place, each.member), each.message


def place_text(place: Place, member: int | None = None) -> str:
    """Return a place as one reads it: `INS03 at position 12, loop 2000, member 2`."""
    element = "" if place.element is None else f"{place.element:02d}"
    component = "" if place.component is None else f"-{place.component}"
    position = "" if place.position is None else f" at position {place.position}"
    parts = (
        f"{place.segment or ''}{element}{component}{position}",
        f"loop {place.loop}" if place.loop else "",
        f"member {member}" if member is not None else "",
    )
    return ", ".join(part.strip() for part in parts if part.strip())


def _print_caused(timeline: Timeline) -> None:
    """Print what the file changed, what was decided about it, and the money that followed."""
    print_table(
        "Membership changes",
        ("MEMBERSHIP", "MEMBER", "EVENT", "EFFECTIVE", "SOURCE", "SEGMENT", "NOTE"),
        (
            (
                each.membership_id,
                each.member_id,
                each.event,
                each.effective_on,
                each.source,
                each.position or None,
                each.note,
            )
            for each in timeline.changes.items
        ),
        left_out=timeline.changes.left_out,
    )
    print_table(
        "Decisions on invoice requests",
        ("AT (UTC)", "MEMBERSHIP", "EVENT", "OUTCOME", "REQUEST", "PROCESSING", "CUTOFF", "NOTE"),
        (
            (
                each.at,
                each.membership_id,
                each.event,
                each.outcome,
                each.request_id,
                each.processing_on,
                each.cutoff_on,
                each.note,
            )
            for each in timeline.outcomes.items
        ),
        left_out=timeline.outcomes.left_out,
    )
    print_table(
        "Invoice requests",
        ("REQUEST", "ACCOUNT", "TYPE", "STATUS", "PROCESSING", "CUTOFF", "INVOICE"),
        (
            (
                each.id,
                each.account_id,
                each.request_type,
                each.status,
                each.processing_on,
                each.cutoff_on,
                each.invoice_id,
            )
            for each in timeline.requests
        ),
    )
    print_table(
        "Invoices",
        ("INVOICE", "ACCOUNT", "BILLED", "DUE", "TOTAL", "OPEN", "STATUS"),
        (
            (each.id, each.account_id, each.bill_on, each.due_on, each.total, each.open, each.status)
            for each in timeline.invoices
        ),
    )
    print_table(
        "Money",
        ("RECEIPT", "TRACE", "AMOUNT", "SETTLES", "STATE"),
        ((each.id, each.trace, each.amount, each.settles_on, each.state) for each in timeline.receipts),
    )


def print_documents(documents: tuple[DocumentLine, ...]) -> None:
    """Print outbound documents with how their delivery went."""
    print_table(
        "Documents sent",
        ("DOCUMENT", "KIND", "PARTNER", "FOLDER", "NAME", "STATE", "DELIVERY"),
        (
            (each.id, each.kind, each.partner_id, each.folder, each.name, each.state, _delivery(each.attempts))
            for each in documents
        ),
    )


def _delivery(attempts: tuple[Attempt, ...]) -> str:
    """Return the changes of a delivery state in order, the last with its instant."""
    if not attempts:
        return ""
    last = attempts[-1]
    reason = f" ({last.reason})" if last.reason else ""
    return f"{' → '.join(each.state for each in attempts)} at {as_text(last.at)}{reason}"

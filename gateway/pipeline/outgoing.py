"""How a station makes an outbound document: bytes kept first, then one row under a key, then the delivery job."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from gateway.domain.exchange import DocumentKind, LogEvent, OutboundDocument
from gateway.domain.identity import content_id
from gateway.pipeline.plant import Plant
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Draft:
    """What a document is, before its bytes are written; `key` says what it is about, so that it is made once."""

    key: str
    kind: DocumentKind
    partner_id: str
    name: str
    folder: str
    subject_id: str
    file_id: str = ""  # the inbound file in whose timeline it shows
    control_number: str = ""


def send(plant: Plant, unit: UnitOfWork, draft: Draft, write: Callable[[BinaryIO], None]) -> OutboundDocument | None:
    """Keep what `write` writes under `outbound/`, add the document and enqueue its delivery; None when it exists.

    Nothing is visible before the caller commits; kept bytes without a row are harmless and found by their hash again.
    """
    if unit.documents.find_by_key(draft.key) is not None:
        return None
    now = plant.clock.now()
    with plant.archive.incoming("outbound", draft.partner_id, now.date()) as incoming:
        write(incoming.stream)
        kept = incoming.keep()
    document = OutboundDocument(
        id=content_id("D", draft.key),
        key=draft.key,
        kind=draft.kind,
        partner_id=draft.partner_id,
        name=_named(plant, draft),
        folder=draft.folder,
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
        kept_path=kept.path,
        created_at=now,
        subject_id=draft.subject_id,
        control_number=draft.control_number,
    )
    if not unit.documents.add(document):
        return None
    text = f"{draft.kind} written for {draft.partner_id}: {document.size_bytes} bytes, queued as {document.id}."
    station = "acknowledge" if draft.file_id else "feed"
    unit.record(LogEvent(content_id("E", "queued", document.id), now, station, draft.file_id, document.id, text))
    unit.defer(delivery(document))
    return document


def delivery(document: OutboundDocument) -> Job:
    """Return the job that delivers a document: one at a time per partner, in the order of their making."""
    return Job("deliver", document.id, lock=f"deliver/{document.partner_id}")


def next_control_number(plant: Plant, unit: UnitOfWork, partner_id: str) -> str:
    """Allocate our next ISA13 towards a partner: nine digits, rising, in the caller's transaction (DOMAIN 7.6)."""
    return f"{unit.documents.next_control_number(plant.us.id, partner_id, 'ISA'):09d}"


def _named(plant: Plant, draft: Draft) -> str:
    """Return the remote name of a document: ours, or as the partner's template has it."""
    template = plant.partner(draft.partner_id).profile.delivery.file_name
    if not template:
        return draft.name
    own_name, _, extension = draft.name.rpartition(".")
    now = plant.clock.now()
    return template.format(
        name=own_name,
        kind=draft.kind.value,
        id=content_id("D", draft.key),
        control=draft.control_number or "0",
        date=f"{now:%Y%m%d}",
        time=f"{now:%H%M%S}",
        ext=extension,
    )


def document_name(plant: Plant, partner_id: str, kind: str, about: str, *, extension: str) -> str:
    """Return `{kind}_{payer}_{partner}_{about}_{CCYYMMDDThhmmssZ}.{ext}`: ids only, no personal data (DOMAIN 10)."""
    instant = plant.clock.now().strftime("%Y%m%dT%H%M%SZ")
    return f"{kind}_{plant.us.id}_{partner_id}_{about}_{instant}.{extension}"

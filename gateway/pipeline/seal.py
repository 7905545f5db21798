"""What is put around a document before it goes: packed, signed, encrypted, as the profile says, and once."""

from dataclasses import replace

from gateway.domain.exchange import OutboundDocument
from gateway.pipeline.plant import Plant


def sealed(plant: Plant, document: OutboundDocument) -> OutboundDocument:
    """Return the document with the bytes that are sent, made now where the profile asks for them and they are not yet.

    Encrypting the same bytes twice gives other bytes: those of the first time are kept, so that a delivery that is
    repeated is recognised on the partner's side. Raises ConfigurationError when a key is missing or has expired.
    """
    suffix = plant.payloads.seals(document.partner_id)
    if document.sealed_path or not suffix:
        return document
    with (
        plant.archive.open(document.kept_path) as clear,
        plant.archive.incoming("outbound", document.partner_id, plant.clock.now().date()) as wrapped,
    ):
        plant.payloads.seal(document.partner_id, document.name, clear, wrapped.stream)
        kept = wrapped.keep()
    name = f"{document.name}{suffix}"
    with plant.open_unit() as unit:
        is_first = unit.documents.seal(document.id, name, kept.path, kept.size_bytes)
        document = replace(document, name=name, sealed_path=kept.path, sealed_bytes=kept.size_bytes)
        if not is_first:
            document = unit.documents.get(document.id)
        unit.commit()
    return document


def bytes_to_send(document: OutboundDocument) -> tuple[str, int]:
    """Return where the bytes that are sent are kept, and how many they are."""
    if document.sealed_path:
        return document.sealed_path, document.sealed_bytes
    return document.kept_path, document.size_bytes

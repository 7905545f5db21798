"""Station 8: put a document where the partner looks, and know what became of it (DESIGN, decision 9)."""

from gateway.domain.exchange import DeliveryState, LogEvent, OutboundDocument
from gateway.domain.identity import content_id
from gateway.errors import ConnectionDropped, HostUnreachable, TransferIncomplete, TransportError
from gateway.logs import get_logger
from gateway.partners.profile import PartnerStatus
from gateway.pipeline.plant import Plant

_MAY_BE_SENT = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN)


def deliver(plant: Plant, document_id: str) -> None:
    """Deliver one document: queued → sending → sent → verified; or back to queued, or unknown, and the error goes on.

    A document found in `sending`, `sent` or `unknown` was interrupted: putting it again is safe, because the
    transport answers with the receipt when the same bytes are already there under that name. A partner that is not
    active, or has no server, keeps its documents queued.
    """
    with plant.open_unit() as unit:
        document = unit.documents.get(document_id)
    profile = plant.partner(document.partner_id).profile
    if document.state not in _MAY_BE_SENT or profile.sftp is None or profile.status is not PartnerStatus.ACTIVE:
        return
    _move(plant, document, DeliveryState.SENDING)
    log = get_logger(partner=document.partner_id, document=document.id, kind=document.kind.value)
    try:
        with plant.open_session(document.partner_id) as session, plant.archive.open(document.kept_path) as content:
            receipt = session.deliver(content, document.size_bytes, document.folder, document.name)
    except TransportError as error:
        _move(plant, document, _state_after(error), reason=f"{type(error).__name__}: {error}")
        raise
    _move(plant, document, DeliveryState.SENT)
    if receipt.size_bytes == document.size_bytes:
        _move(plant, document, DeliveryState.VERIFIED)
    log.info("delivered", size_bytes=receipt.size_bytes)


def _state_after(error: TransportError) -> DeliveryState:
    """Say what we know after a failed attempt: nothing was put, or it may be there and someone must look."""
    if isinstance(error, ConnectionDropped | TransferIncomplete) and not isinstance(error, HostUnreachable):
        return DeliveryState.UNKNOWN
    return DeliveryState.QUEUED


def _move(plant: Plant, document: OutboundDocument, to: DeliveryState, *, reason: str = "") -> None:
    """Write a delivery state and, where it is an end people ask about, a line of the log."""
    now = plant.clock.now()
    with plant.open_unit() as unit:
        unit.documents.move(document.id, to, expected=_MAY_BE_SENT, at=now, reason=reason)
        if to is DeliveryState.VERIFIED:
            unit.record(
                LogEvent(
                    content_id("E", "verified", document.id),
                    now,
                    "deliver",
                    document.subject_id if document.subject_id.startswith("F") else "",
                    document.id,
                    f"{document.kind} {document.id} delivered to {document.folder} and seen there with its full size.",
                )
            )
        unit.commit()


def give_up(plant: Plant, document_id: str, reason: str) -> None:
    """End a document that cannot be delivered: a person decides what happens to it."""
    with plant.open_unit() as unit:
        unit.documents.move(
            document_id, DeliveryState.GIVEN_UP, expected=_MAY_BE_SENT, at=plant.clock.now(), reason=reason
        )
        unit.commit()

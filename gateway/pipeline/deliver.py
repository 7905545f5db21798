"""Station 8: put a document where the partner looks, and know what became of it (DESIGN, decision 9)."""

from dataclasses import replace

from gateway.domain.exchange import DeliveryState, LogEvent, OutboundDocument
from gateway.domain.identity import content_id
from gateway.errors import (
    ConfigurationError,
    ConnectionDropped,
    GatewayError,
    NotAllowed,
    TransferIncomplete,
    TransportError,
)
from gateway.logs import get_logger
from gateway.partners.profile import PartnerStatus, Profile
from gateway.pipeline.incidents import closed_way, connection_fault, open_connection_fault, open_incident
from gateway.pipeline.outgoing import delivery
from gateway.pipeline.plant import Plant
from gateway.pipeline.retry import after_failure, reason_of
from gateway.pipeline.seal import bytes_to_send, sealed
from gateway.pipeline.timetable import look
from gateway.ports.jobs import GiveUp, Job, RetryAt
from gateway.ports.unit_of_work import UnitOfWork

_MAY_BE_SENT = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN)
_WAITS = "waits for the partner: "
_GIVEN_UP = "delivery_given_up"


def deliver(plant: Plant, document_id: str) -> None:
    """Deliver one document: queued → sending → sent → verified; or back to queued, or unknown, to be tried again.

    A document found in `sending`, `sent` or `unknown` was interrupted: putting it again is safe, because the
    transport answers with the receipt when the same bytes are already there under that name. The documents of a
    partner that is not active, has no server, or does not let us in wait until that is over (`take_up`). One whose
    transfer broke is tried again by a job of its own, so that it never holds the partner's other documents back.
    """
    with plant.open_unit() as unit:
        document = unit.documents.get(document_id)
        closed = closed_way(unit, document.partner_id)
    if document.state not in _MAY_BE_SENT:
        return
    obstacle = _obstacle(plant.partner(document.partner_id).profile) or closed
    if obstacle:
        _park(plant, document, obstacle)
        return
    if not _move(plant, document, DeliveryState.SENDING):
        return
    try:
        document = sealed(plant, document)
        path, size_bytes = bytes_to_send(document)
        with plant.open_session(document.partner_id) as session, plant.archive.open(path) as content:
            receipt = session.deliver(content, size_bytes, document.folder, document.name)
    except TransportError as error:
        _take_failure(plant, document, error)
        return
    except GatewayError as error:
        _move(plant, document, _state_after(document.state, error), reason=reason_of(error))
        raise
    _move(plant, document, DeliveryState.SENT)
    if receipt.size_bytes == size_bytes:
        _move(plant, document, DeliveryState.VERIFIED)
    log = get_logger(partner=document.partner_id, document=document.id, kind=document.kind.value)
    log.info("delivered", size_bytes=receipt.size_bytes)


def _take_failure(plant: Plant, document: OutboundDocument, error: TransportError) -> None:
    """Write down what a failed attempt leaves us knowing, and what comes next; a final refusal is given up at once."""
    job, now, work = delivery(document), plant.clock.now(), plant.settings.work
    state, reason = _state_after(document.state, error), reason_of(error)
    log = get_logger(partner=document.partner_id, document=document.id)
    with plant.open_unit() as unit:
        if connection_fault(error):
            unit.documents.move(document.id, state, expected=_MAY_BE_SENT, at=now, reason=f"{_WAITS}{reason}")
            open_connection_fault(plant, unit, document.partner_id, error)
            next_look = look(document.partner_id)
            decision = after_failure(error, next_look, 1, now=now, work=work)
            if isinstance(decision, RetryAt) and not unit.is_pending(next_look):
                unit.defer(replace(next_look, run_at=decision.at))
        else:
            decision = after_failure(error, job, unit.documents.count_try(document.id), now=now, work=work)
            is_moved = unit.documents.move(document.id, state, expected=_MAY_BE_SENT, at=now, reason=reason)
            if isinstance(decision, RetryAt) and is_moved:
                unit.defer(replace(job, lock=f"{job.lock}/{document.id}", run_at=decision.at))
        unit.commit()
    log.warning("not delivered", error=type(error).__name__, decision=type(decision).__name__)
    if isinstance(decision, GiveUp):
        give_up(plant, job, error)


def give_up(plant: Plant, job: Job, error: Exception) -> None:
    """End a delivery that failed again and again: a person decides what happens to the document.

    Where only the way to the partner is closed (its server, our login) nothing is wrong with the document: it waits
    until that way is open again.
    """
    with plant.open_unit() as unit:
        document = unit.documents.get(job.subject)
    if connection_fault(error) or isinstance(error, ConfigurationError):
        _park(plant, document, reason_of(error))
        return
    reason, now = reason_of(error), plant.clock.now()
    with plant.open_unit() as unit:
        if unit.documents.move(document.id, DeliveryState.GIVEN_UP, expected=_MAY_BE_SENT, at=now, reason=reason):
            message = f"{_named(document)}could not be delivered to {document.folder}: {reason}"
            key = content_id("N", "delivery", document.id, now.isoformat())  # given up again is told again
            open_incident(plant, unit, _GIVEN_UP, document.partner_id, message, key=key)
        unit.commit()


def resend(plant: Plant, document_id: str, *, by: str, reason: str) -> OutboundDocument:
    """Have a document that was given up delivered after all, because somebody put right what stood in its way.

    The bytes and the name are the same; the decision is kept with who made it and why. Raises NotFound, NotAllowed.
    """
    now = plant.clock.now()
    with plant.open_unit() as unit:
        document = unit.documents.get(document_id)
        why = f"sent again by {by}: {reason}"
        if not unit.documents.move(
            document.id, DeliveryState.QUEUED, expected=[DeliveryState.GIVEN_UP], at=now, reason=why
        ):
            raise NotAllowed(f"{document.id} is {document.state}: only what was given up is sent again")
        unit.documents.forget_tries(document.id)
        for incident in unit.standing_incidents([_GIVEN_UP], document.partner_id):
            if incident.message.startswith(_named(document)):
                unit.close_incident(incident.key, now)
        file_id = document.subject_id if document.subject_id.startswith("F") else ""
        key = content_id("E", "resend", document.id, now.isoformat())
        unit.record(LogEvent(key, now, "deliver", file_id, document.id, f"{document.kind} {document.id} {why}"))
        unit.defer(delivery(document))
        unit.commit()
    return document


def _named(document: OutboundDocument) -> str:
    """Return how the incident of a document that was given up begins."""
    return f"{document.kind} {document.id} "


def take_up(plant: Plant, unit: UnitOfWork, partner_id: str) -> None:
    """Enqueue what waits for a partner whose server just let us in, each document once; the caller commits."""
    if _obstacle(plant.partner(partner_id).profile):
        return
    for document in unit.documents.in_state([DeliveryState.QUEUED, DeliveryState.UNKNOWN]):
        if document.partner_id == partner_id and document.reason.startswith(_WAITS):
            state, now = document.state, plant.clock.now()
            unit.documents.move(document.id, state, expected=[state], at=now, reason="taken up again")
            unit.defer(delivery(document))


def resume_deliveries(unit: UnitOfWork) -> int:
    """Enqueue every document that is on its way and that no job has in hand, and return how many; the caller commits.

    Such a document is left over from a failure that could not even be written down. What waits for its partner is
    left to `take_up`.
    """
    stranded = [
        document
        for document in unit.documents.in_state(_MAY_BE_SENT)
        if not document.reason.startswith(_WAITS) and not unit.is_pending(delivery(document))
    ]
    for document in stranded:
        unit.defer(delivery(document))
    return len(stranded)


def _obstacle(profile: Profile) -> str:
    """Return why nothing is sent to a partner, as configured; '' where it is."""
    if profile.status is not PartnerStatus.ACTIVE:
        return f"it is {profile.status}, not active"
    return "" if profile.sftp is not None else "its profile has no [sftp]"


def _park(plant: Plant, document: OutboundDocument, why: str) -> None:
    """Note what a document waits for; one that was under way when it was interrupted may be there."""
    reason = f"{_WAITS}{why}"
    if document.reason != reason:
        to = DeliveryState.QUEUED if document.state is DeliveryState.QUEUED else DeliveryState.UNKNOWN
        _move(plant, document, to, reason=reason)


def _state_after(before: DeliveryState, error: GatewayError) -> DeliveryState:
    """Say what we know after a failed attempt: nothing was put, or it may be there and someone must look."""
    was_put = isinstance(error, ConnectionDropped | TransferIncomplete) or before is not DeliveryState.QUEUED
    return DeliveryState.UNKNOWN if was_put else DeliveryState.QUEUED


def _move(plant: Plant, document: OutboundDocument, to: DeliveryState, *, reason: str = "") -> bool:
    """Write a delivery state and, where it is an end people ask about, a line of the log; False when it has ended."""
    now = plant.clock.now()
    with plant.open_unit() as unit:
        is_moved = unit.documents.move(document.id, to, expected=_MAY_BE_SENT, at=now, reason=reason)
        if is_moved and to is DeliveryState.VERIFIED:
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
    return is_moved

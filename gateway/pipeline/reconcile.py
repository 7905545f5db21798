"""Station 9: what partners acknowledge of what we sent them (TA1, 997, 999, 824)."""

from gateway.domain.exchange import (
    AckCode,
    Acknowledgement,
    DeliveryState,
    LogEvent,
    OutboundDocument,
    ReceivedFile,
    SetRecord,
    SetState,
)
from gateway.domain.identity import content_id
from gateway.pipeline.incidents import open_incident
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.x12.inbound_ack import acknowledgements_in, read_ta1s
from gateway.x12.reader import read_set

# An answer proves that the document was there, whatever we knew of its way; and a second answer may be the worse one.
_MAY_BE_REJECTED = frozenset(DeliveryState) - {DeliveryState.REJECTED}
_MAY_BE_ACKNOWLEDGED = _MAY_BE_REJECTED - {DeliveryState.ACKNOWLEDGED}


def reconcile(plant: Plant, record: SetRecord) -> None:
    """Hold one 997, 999 or 824 against the documents it speaks of, and write what the partner says of them."""
    with plant.archive.open(record.kept_path) as stream:
        segments = read_set(stream, record.set.byte_start, record.set.byte_end, record.delimiters)
        answers = list(acknowledgements_in(record.set.type, segments, record.delimiters))
    with plant.open_unit() as unit:
        known = [_hold_against(plant, unit, record.partner_id, answer) for answer in answers]
        text = f"{record.set.type} {record.set.control_number}: {sum(known)} of {len(known)} answers are about ours."
        unit.exchanges.move_set(record.id, SetState.APPLIED, expected=[SetState.CHECKED], reason=text)
        unit.record(
            LogEvent(content_id("E", record.id), plant.clock.now(), "reconcile", record.file_id, record.id, text)
        )
        unit.commit()


def reconcile_ta1s(plant: Plant, file: ReceivedFile) -> None:
    """Hold the TA1s of a file, which stand outside of every set, against the interchanges they speak of."""
    with plant.archive.open(file.kept_path) as stream:
        answers = list(read_ta1s(stream))
    if not answers:
        return
    with plant.open_unit() as unit:
        known = [_hold_against(plant, unit, file.partner_id, answer) for answer in answers]
        text = f"TA1: {sum(known)} of {len(known)} answers are about ours."
        unit.record(LogEvent(content_id("E", file.id, "TA1"), plant.clock.now(), "reconcile", file.id, file.id, text))
        unit.commit()


def _hold_against(plant: Plant, unit: UnitOfWork, partner_id: str, answer: Acknowledgement) -> bool:
    """Write one answer to the documents it is about; one about nothing of ours opens an incident, and False is said."""
    number = answer.interchange or answer.group.zfill(9)
    documents = unit.documents.find_by_control_number(partner_id, number) if number.strip("0") else []
    if not documents:
        key = content_id("N", partner_id, answer.kind, number, answer.transaction_set)
        message = f"{partner_id} answered by {answer.kind} to control number {number}, which we never sent it."
        open_incident(plant, unit, "unknown_acknowledgement", partner_id, message, key=key)
        return False
    for document in documents:
        _take_answer(plant, unit, document, answer)
    return True


def _take_answer(plant: Plant, unit: UnitOfWork, document: OutboundDocument, answer: Acknowledgement) -> None:
    """Write what a partner says of a document; a rejection, or a code that nobody knows, is for a person."""
    said, now = f"{answer.kind} {answer.said}", plant.clock.now()
    about = f"{document.kind} {document.id} under control number {document.control_number}"
    key = content_id("N", document.id, said)
    if answer.code is None:
        message = f"{document.partner_id} answered to {about} by {said}, a code that the standard does not have."
        open_incident(plant, unit, "unclear_acknowledgement", document.partner_id, message, key=key)
    elif answer.code is AckCode.REJECTED:
        to, expected = DeliveryState.REJECTED, _MAY_BE_REJECTED
        if unit.documents.move(document.id, to, expected=expected, at=now, reason=said):
            message = f"{document.partner_id} rejected {about} by {said}: read its answer, then send what is right."
            open_incident(plant, unit, "document_rejected", document.partner_id, message, key=key)
    else:
        to, expected = DeliveryState.ACKNOWLEDGED, _MAY_BE_ACKNOWLEDGED
        unit.documents.move(document.id, to, expected=expected, at=now, reason=said)

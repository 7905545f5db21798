"""Station 9: what partners acknowledge of what we sent them (TA1, 997, 999, 824)."""

from gateway.domain.exchange import (
    AckCode,
    Acknowledgement,
    DeliveryState,
    Incident,
    LogEvent,
    ReceivedFile,
    SetRecord,
    SetState,
)
from gateway.domain.identity import content_id
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.x12.inbound_ack import acknowledgements_in, read_ta1s
from gateway.x12.reader import read_set

_ON_THE_WAY = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.VERIFIED)


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
    now = plant.clock.now()
    number = answer.interchange or answer.group.zfill(9)
    documents = unit.documents.find_by_control_number(partner_id, number) if number.strip("0") else []
    if not documents:
        key = content_id("N", partner_id, answer.kind, number, answer.transaction_set)
        message = f"{partner_id} answered by {answer.kind} to control number {number}, which we never sent it."
        unit.open_incident(Incident(key, "unknown_acknowledgement", partner_id, now, message))
        return False
    to = DeliveryState.REJECTED if answer.code is AckCode.REJECTED else DeliveryState.ACKNOWLEDGED
    for document in documents:
        reason = f"{answer.kind} {answer.said}"
        unit.documents.move(document.id, to, expected=_ON_THE_WAY, at=now, reason=reason)
    return True

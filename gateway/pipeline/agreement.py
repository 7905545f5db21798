"""What was agreed with a partner, held against an envelope; and the partner's settings as rules of pure code."""

from dataclasses import dataclass
from datetime import date, timedelta

from gateway.domain.exchange import Interchange, ReceivedFile
from gateway.domain.finding import Finding, Level, Severity
from gateway.partners.profile import X12Identity
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the agreement says of an interchange; nothing refused and nothing ignored by default."""

    refused: bool = False
    ignored: bool = False
    note: str = "000"  # TA105
    reason: str = ""
    findings: tuple[Finding, ...] = ()


def judge_interchange(plant: Plant, unit: UnitOfWork, file: ReceivedFile, interchange: Interchange) -> Verdict:
    """Hold an interchange against the partner's agreement: sender, receiver, control number, usage (DOMAIN 7.2).

    Codes follow TA105: 005/006 sender, 007/008 receiver, 025 a control number that another file already carried,
    where the agreement does not ignore or take such data. Outside of its days nothing is applied.
    Test data is acknowledged and never applied unless the profile accepts it (DOMAIN 4.1, ISA15).
    """
    identity = plant.partner(file.partner_id).profile.x12
    mismatch = _party_mismatch(plant, identity, interchange)
    if mismatch:
        return _refusal(*mismatch)
    earlier = unit.exchanges.earlier_interchange(
        interchange.sender,
        interchange.receiver,
        interchange.control_number,
        since=plant.clock.now() - timedelta(days=identity.duplicate_window_days),
        but_file=file.id,
    )
    if earlier and identity.duplicates == "reject":
        return _refusal("025", f"This control number came before, in file {earlier}: send new data under a new ISA13.")
    why = _without_effect(identity, interchange, earlier, plant.clock.business_date())
    if why:
        return Verdict(ignored=True, reason=why)
    if earlier:
        message = f"This control number came before, in file {earlier}; the agreement takes it all the same."
        return Verdict(findings=(Finding("TA105:025", Level.INTERCHANGE, message, Severity.WARNING),))
    return Verdict()


def _without_effect(identity: X12Identity, interchange: Interchange, earlier: str | None, today: date) -> str:
    """Return why an interchange is acknowledged and not applied, or ''."""
    if earlier and identity.duplicates == "ignore":
        return f"its control number came before, in file {earlier}: the agreement ignores it"
    if identity.valid_from and today < identity.valid_from:
        return f"the agreement begins on {identity.valid_from}: it is acknowledged and not applied"
    if identity.valid_until and today > identity.valid_until:
        return f"the agreement ended on {identity.valid_until}: it is acknowledged and not applied"
    if identity.usage not in {"both", interchange.usage}:
        kind = "test data" if interchange.usage == "T" else "production data"
        return (
            f"ISA15 says {interchange.usage}: {kind} is acknowledged and not applied; "
            f"the agreement expects {identity.usage}"
        )
    return ""


def _party_mismatch(plant: Plant, identity: X12Identity, interchange: Interchange) -> tuple[str, str] | None:
    """Return TA105 and a sentence when sender or receiver are not the agreed ones."""
    if identity.id != "*":
        if interchange.sender.id not in {identity.id, *identity.also_ids}:
            return "006", "ISA06 is not the sender id that was agreed with this partner."
        if interchange.sender.qualifier != identity.qualifier:
            return "005", "ISA05 is not the sender qualifier that was agreed with this partner."
    ours = identity.our_ids or (plant.us.id,)
    if "*" not in ours:
        if interchange.receiver.id not in ours:
            return "008", "ISA08 is not us: the file was meant for someone else."
        if not identity.our_ids and interchange.receiver.qualifier != plant.us.qualifier:
            return "007", "ISA07 is not our qualifier."
    return None


def _refusal(note: str, message: str) -> Verdict:
    """Return the verdict that refuses an interchange with this TA105."""
    finding = Finding(code=f"TA105:{note}", level=Level.INTERCHANGE, message=message)
    return Verdict(refused=True, note=note, reason=message, findings=(finding,))

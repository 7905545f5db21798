"""What people change about the gateway itself, written into the transaction log with who did it."""

from collections.abc import Sequence

from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.errors import NotAllowed
from gateway.pipeline.plant import Plant

_SHOWN = 20
_HIGHEST = 999_999_999


def record_applied(plant: Plant, version: str, by: str, changed: Sequence[str]) -> None:
    """Write down that a version of the partners' files counts from now on; `changed` are keys, never values."""
    now = plant.clock.now()
    shown = "; ".join(changed[:_SHOWN]) + (f"; and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else "")
    text = f"Configuration {version} applied by {by}: {len(changed)} changes: {shown}"
    with plant.open_unit() as unit:
        key = content_id("E", "configuration", version, now.isoformat())
        unit.record(LogEvent(key, now, "configure", "", version, text))
        unit.commit()


def seed_control_numbers(plant: Plant, partner_id: str, last: int, by: str) -> None:
    """Let our ISA13 towards a partner go on after `last`, the last number of the system before us (DOMAIN 7.6).

    Raises NotFound for a partner there is not, NotAllowed for a number that is none or lies behind us: a number that
    was used is never used again.
    """
    partner_id = plant.partner(partner_id).id
    if not 0 < last <= _HIGHEST:
        raise NotAllowed("a control number is 1 to 999999999")
    now = plant.clock.now()
    with plant.open_unit() as unit:
        if not unit.documents.seed_control_number(plant.us.id, partner_id, "ISA", last):
            there = unit.documents.last_control_number(plant.us.id, partner_id, "ISA")
            raise NotAllowed(
                f"our control numbers towards {partner_id} stand at {there:09d} already, and never go back"
            )
        text = f"Control numbers towards {partner_id} go on after {last:09d}, as {by} says."
        unit.record(LogEvent(content_id("E", "seed", partner_id, last), now, "configure", "", partner_id, text))
        unit.commit()

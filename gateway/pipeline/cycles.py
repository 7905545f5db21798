"""Bill cycles as people look after them: what is ahead, and the windows that continue one (DOMAIN 3.8, IA-56)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.billing.cycle import CyclePattern, extend, pattern_of
from gateway.billing.dates import Window
from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.errors import NotAllowed, NotFound
from gateway.partners.edit import with_windows
from gateway.partners.partner import Partner
from gateway.pipeline.accounts import windows_of
from gateway.pipeline.configuration import rewrite_billing
from gateway.pipeline.plant import Plant
from gateway.watch.cycles import windows_ahead


@dataclass(frozen=True, slots=True)
class CycleLine:
    """One bill cycle: its windows, how many begin after today, its pattern in words, and who is billed by it."""

    partner_id: str
    code: str
    windows: tuple[Window, ...]
    ahead: int
    pattern: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extension:
    """The windows that would continue a cycle, or did."""

    partner_id: str
    code: str
    pattern: CyclePattern
    windows: tuple[Window, ...]


def list_cycles(plant: Plant, partner_id: str = "") -> list[CycleLine]:
    """Return the bill cycles of one partner or all, in the order of their codes."""
    partners = [plant.partner(partner_id)] if partner_id else list(plant.partners.values())
    return [line for partner in sorted(partners, key=lambda each: each.id) for line in _lines(plant, partner)]


def plan_extension(plant: Plant, partner_id: str, code: str, through: date) -> Extension:
    """Return the windows that continue a cycle by its own pattern until `through` is billed; nothing is written.

    Raises NotFound for a cycle that there is not, NotAllowed for one without a monthly pattern.
    """
    partner = plant.partner(partner_id)
    if code not in partner.billing.bill_cycles:
        hint = f"cycles of {partner_id}: {', '.join(partner.billing.bill_cycles) or 'none'}"
        raise NotFound(f"{partner_id} has no bill cycle {code}", hint=hint)
    windows = windows_of(partner, code)
    pattern = pattern_of(windows)
    if pattern is None:
        raise NotAllowed(
            f"the windows of {code} follow no monthly pattern",
            hint=f"write its next windows into partners/{partner_id}/billing.toml by hand",
        )
    return Extension(partner_id, code, pattern, tuple(extend(windows, pattern, through)))


def write_extension(plant: Plant, extension: Extension, *, by: str) -> bool:
    """Write the windows of an extension at the end of the cycle's list, with a line in the transaction log.

    False, and nothing, when there is none to write. Raises ConfigurationError when the file cannot take them.
    """
    its = extension
    if not its.windows:
        return False
    news = [(each.start, each.end, each.cutoff, each.accounting) for each in its.windows]
    rewrite_billing(plant, its.partner_id, lambda text: with_windows(text, its.code, news))
    last = its.windows[-1]
    text = (
        f"Bill cycle {its.code} of {its.partner_id} was extended by {by}: {len(news)} windows, "
        f"the last begins on {last.start} and cuts off on {last.cutoff}."
    )
    with plant.open_unit() as unit:
        key = content_id("E", "cycle", its.partner_id, its.code, last.start)
        unit.record(LogEvent(key, plant.clock.now(), "cycle", "", f"{its.partner_id}/{its.code}", text))
        unit.commit()
    return True


def _lines(plant: Plant, partner: Partner) -> Iterator[CycleLine]:
    """Yield the cycles of one partner."""
    today = plant.clock.business_date()
    for code in sorted(partner.billing.bill_cycles):
        windows = windows_of(partner, code)
        accounts = tuple(key for key, each in partner.billing.accounts.items() if each.bill_cycle == code)
        pattern = pattern_of(windows)
        ahead = windows_ahead([window.start for window in windows], today)
        yield CycleLine(partner.id, code, windows, ahead, str(pattern) if pattern else "", accounts)

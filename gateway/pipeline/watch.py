"""Silence is an event: what should have come and did not, and what should be over and is not (DESIGN, decision 10).

Every look takes stock of what stands now: an incident is opened for each thing that is new, and closed for each that
stands no longer. Nobody closes these by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from gateway.domain.exchange import DocumentKind, Incident
from gateway.domain.identity import content_id
from gateway.errors import ConfigurationError
from gateway.partners.profile import Expectation, Profile
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.watch.aging import PATIENCE, Alarm, OpenItem, Waiting, find_overdue
from gateway.watch.cycles import CycleAhead, ending_cycles
from gateway.watch.expected import Every, ExpectedFile, always
from gateway.watch.notice import Arrived, Calendar, NoticeKind, notices
from gateway.watch.sequence import find_gaps

SEQUENCE_GAP = "sequence_gap"
KEY_EXPIRES, KEY_UNUSABLE = "key_expires", "key_unusable"
ROLLOVER = "control_numbers_end"
_ROLLS_OVER_AFTER = 999_900_000
_KEY_ENDS_WITHIN = timedelta(days=30)  # what a partner needs to test and install another
_NUMBERS_SINCE = timedelta(days=120)  # a number left out four months ago is asked for no more
_SIZES_SINCE = timedelta(days=400)  # seven files of a monthly sender, with some silence among them
_ANSWERED_BY_999 = (DocumentKind.REPORT_824, DocumentKind.EFFECTUATION_834)
_WAITS_AS = {
    DocumentKind.TA1: Waiting.ACK_OWED,
    DocumentKind.ACK_999: Waiting.ACK_OWED,
    DocumentKind.ACK_997: Waiting.ACK_OWED,
    DocumentKind.REPORT_824: Waiting.REPORT_OWED,
}
_OVERDUE = tuple(f"{waiting}_{alarm}" for waiting, alarm in product(Waiting, Alarm))
CYCLE_ENDS = "bill_cycle_ends"
KINDS = frozenset({*NoticeKind, SEQUENCE_GAP, KEY_EXPIRES, KEY_UNUSABLE, ROLLOVER, CYCLE_ENDS, *_OVERDUE})
"""Every kind of incident that the watch opens, and closes by itself."""


def watch(plant: Plant, partner_id: str) -> None:
    """Take stock of a partner: open an incident for what is new, close those of what is over."""
    profile = plant.partner(partner_id).profile
    with plant.open_unit() as unit:
        stock = _Stock(plant, unit, profile, plant.clock.now())
        found = (*stock.files(), *stock.gaps(), *stock.overdue(), *stock.keys(), *stock.our_numbers(), *stock.cycles())
        standing = {incident.key: incident for incident in found}
        for incident in unit.standing_incidents(KINDS, partner_id):
            if incident.key not in standing:
                unit.close_incident(incident.key, stock.now)
        for incident in standing.values():
            unit.open_incident(incident)
        unit.commit()


@dataclass(frozen=True, slots=True)
class _Stock:
    """What stands against one partner, and on our side of it, at one instant."""

    plant: Plant
    unit: UnitOfWork
    profile: Profile
    now: datetime

    def files(self) -> Iterator[Incident]:
        """Yield late, missing, short and unexpected files."""
        zone = ZoneInfo(self.profile.pick_up.time_zone)
        expected = [self._expected(each) for each in self.profile.expects]
        if not expected:
            return
        first = min(each.since for each, _ in expected)
        since = min(datetime.combine(first, time.min, zone), self.now - _SIZES_SINCE)
        arrivals = [
            Arrived(each.file_id, each.received_at.astimezone(zone), each.set_type, each.segments)
            for each in self.unit.files.contents_since(self.profile.id, since)
        ]
        calendar = Calendar(expected, tells_unexpected=self.profile.watch.unexpected_files)
        for notice in notices(calendar, arrivals, self.now.astimezone(zone)):
            yield self._incident(notice.key, notice.kind, notice.message, notice.due_on)

    def gaps(self) -> Iterator[Incident]:
        """Yield the control numbers that a partner left out, where it numbers without gaps."""
        if self.profile.watch.control_numbers == "any":
            return
        numbers: dict[str, list[int]] = {}
        for sender, number in self.unit.exchanges.control_numbers_since(self.profile.id, self.now - _NUMBERS_SINCE):
            if number.isdecimal():
                numbers.setdefault(f"{sender.qualifier}/{sender.id}", []).append(int(number))
        for sender_name, received in numbers.items():
            for gap in find_gaps(sender_name, received):
                yield self._incident(f"{self.profile.id}/{gap.key}", SEQUENCE_GAP, gap.message)

    def overdue(self) -> Iterator[Incident]:
        """Yield what has taken half of its time, or all of it: our work, and the partner's answers."""
        hours = self.profile.watch.ack_within_hours
        patience = {**PATIENCE, Waiting.ACK_AWAITED: timedelta(hours=hours)}
        for late in find_overdue(self._open_items(awaits_answers=hours > 0), self.now, patience):
            yield self._incident(late.key, f"{late.item.waiting}_{late.alarm}", late.message)

    def keys(self) -> Iterator[Incident]:
        """Yield the PGP keys that end soon, or that cannot be used at all."""
        try:
            expiries = self.plant.payloads.expiries(self.profile.id)
        except ConfigurationError as error:
            yield self._incident(f"keys/{self.profile.id}", KEY_UNUSABLE, f"the PGP keys of {self.profile.id}: {error}")
            return
        for each in expiries:
            if each.expires_at - self.now <= _KEY_ENDS_WITHIN:
                whose = "our PGP key for" if each.owner == "ours" else "the PGP key of"
                message = (
                    f"{whose} {self.profile.id}, {each.fingerprint}, ends on {each.expires_at:%Y-%m-%d}: replace it"
                )
                yield self._incident(f"key/{self.profile.id}/{each.fingerprint}", KEY_EXPIRES, message)

    def our_numbers(self) -> Iterator[Incident]:
        """Yield that our own control numbers towards the partner come to their end and will begin anew."""
        last = self.unit.documents.last_control_number(self.plant.us.id, self.profile.id, "ISA")
        if last >= _ROLLS_OVER_AFTER:
            message = (
                f"our control numbers towards {self.profile.id} stand at {last:09d} and begin anew after 999999999: "
                "ask the partner whether it takes 000000001 again"
            )
            yield self._incident(f"rollover/{self.profile.id}", ROLLOVER, message)

    def cycles(self) -> Iterator[Incident]:
        """Yield the bill cycles with fewer than two windows ahead that somebody is billed by (IA-56)."""
        billing = self.plant.partner(self.profile.id).billing
        used = {account.bill_cycle for account in billing.accounts.values()}
        ahead = [
            CycleAhead(self.profile.id, code, [window.start for window in windows])
            for code, windows in billing.bill_cycles.items()
            if code in used
        ]
        for each in ending_cycles(ahead, self.plant.clock.business_date()):
            yield self._incident(each.key, CYCLE_ENDS, each.message)

    def _open_items(self, *, awaits_answers: bool) -> Iterator[OpenItem]:
        """Yield what is unfinished between this partner and us."""
        partner_id = self.profile.id
        for file_id, since in self.unit.files.unfinished(partner_id):
            yield OpenItem(Waiting.FILE, file_id, partner_id, since)
        for set_id, since in self.unit.exchanges.held_sets(partner_id):
            yield OpenItem(Waiting.HELD, set_id, partner_id, since)
        for document in self.unit.documents.undelivered(partner_id):
            waiting = _WAITS_AS.get(document.kind, Waiting.DELIVERY)
            yield OpenItem(waiting, document.id, partner_id, document.created_at)
        if awaits_answers:
            for document_id, since in self.unit.documents.delivered(partner_id, _ANSWERED_BY_999):
                yield OpenItem(Waiting.ACK_AWAITED, document_id, partner_id, since)

    def _expected(self, setting: Expectation) -> tuple[ExpectedFile, time | None]:
        """Return a configured expectation as the watch reads it."""
        calendar = self.plant.calendars.get(setting.calendar)
        expected = ExpectedFile(
            partner_id=self.profile.id,
            what=setting.what,
            set_type=setting.set_type,
            every=Every(setting.every),
            day=setting.day,
            grace_days=setting.grace_days,
            since=setting.since or date(self.now.year, 1, 1),
            is_working=calendar.is_working if calendar else always,
            least_percent=setting.least_percent,
        )
        return expected, time.fromisoformat(setting.by) if setting.by else None

    def _incident(self, key: str, kind: str, message: str, due_on: date | None = None) -> Incident:
        """Return the incident of one thing that stands."""
        return Incident(content_id("N", key), kind, self.profile.id, self.now, message, due_on)

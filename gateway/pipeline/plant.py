"""What every station needs, wired once by bootstrap.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.billing.calendar import WorkCalendar
from gateway.billing.dates import DATE_ALGORITHMS, DateAlgorithm
from gateway.billing.hooks import HOOKS, Hooks
from gateway.domain.exchange import Party
from gateway.errors import NotFound
from gateway.partners.partner import Partner
from gateway.ports.archive import Archive
from gateway.ports.clock import Clock
from gateway.ports.payloads import Payloads
from gateway.ports.transport import OpenSession
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.remittance.policy import PolicyFile
from gateway.settings import Settings
from gateway.transactions.census_layout import Layout
from gateway.transactions.mapping import Mapping as GuideMapping
from gateway.x12.guide import GuideLibrary

STANDARD_834 = "005010X220A1"


@dataclass(frozen=True, slots=True)
class Plant:
    """The machine room: ports, configuration and data that stations read; nothing in it changes while it runs."""

    open_unit: OpenUnitOfWork
    open_session: OpenSession
    archive: Archive
    clock: Clock
    settings: Settings
    guides: GuideLibrary
    mappings: Mapping[tuple[str, str], GuideMapping]  # by partner id and guide
    partners: Mapping[str, Partner]
    calendars: Mapping[str, WorkCalendar]
    payloads: Payloads  # what is around files, as agreed with each partner
    layouts: Mapping[str, Layout] = field(default_factory=dict)  # of census files, by name
    algorithms: Mapping[str, DateAlgorithm] = field(default_factory=lambda: DATE_ALGORITHMS)
    hooks: Hooks = HOOKS  # of customer classes
    policies: PolicyFile = field(default_factory=PolicyFile)  # of collection

    @property
    def work_days(self) -> WorkCalendar:
        """The working days of the house; without a calendar of that name, all but Saturdays and Sundays."""
        return self.calendars.get(self.policies.calendar) or WorkCalendar()

    def partner(self, partner_id: str) -> Partner:
        """Return the partner of this id; raises NotFound with the ids there are."""
        try:
            return self.partners[partner_id]
        except KeyError:
            known = ", ".join(sorted(self.partners)) or "none is configured"
            raise NotFound(f"there is no partner {partner_id!r}", hint=f"partners: {known}") from None

    def mapping(self, partner_id: str, guide: str) -> GuideMapping:
        """Return how a partner's enrollment files of a guide are read; guides without a map are read like X220A1."""
        return self.mappings.get((partner_id, guide)) or self.mappings[partner_id, STANDARD_834]

    @property
    def us(self) -> Party:
        """Our own interchange id and qualifier."""
        return Party(self.settings.identity.qualifier, self.settings.identity.id)

"""Where the members of one enrollment set belong: their account, its rules, and the circumstances of the set."""

from dataclasses import replace
from datetime import date, datetime

from gateway import __version__
from gateway.billing.account import AccountRules
from gateway.domain.coverage import EnrollmentHeader, MaintenanceRequest
from gateway.domain.exchange import SetRecord
from gateway.domain.identity import content_id
from gateway.domain.parties import Account, LineOfBusiness
from gateway.enrollment.identity import membership_id
from gateway.enrollment.rules import Circumstances, EnrollmentRules
from gateway.partners.partner import Partner, direct_account_id, find_account
from gateway.pipeline.accounts import account_rules, settings_of
from gateway.pipeline.plant import Plant
from gateway.pipeline.prices import known_plans
from gateway.ports.unit_of_work import UnitOfWork


class Places:
    """The accounts of one set's members, each looked up once; individual accounts share what they are agreed on."""

    def __init__(self, plant: Plant, unit: UnitOfWork, record: SetRecord, header: EnrollmentHeader) -> None:
        """Take the set; what it says is learned in one instant, on one business date."""
        self.plant = plant
        self._unit = unit
        self._partner: Partner = plant.partner(record.partner_id)
        self._record = record
        self._header = header
        self.known_at: datetime = plant.clock.now()
        self.today: date = plant.clock.business_date()
        self._accounts: dict[str, Account] = {}
        self._of_policy: dict[str, Account | None] = {}  # sponsor and account number are the set's
        self._from: Circumstances | None = None  # of the account met last
        self._configured = frozenset(self._partner.accounts)
        self._pay_themselves: dict[str, frozenset[str]] = {}  # INS05 by account
        self._rules: dict[str, EnrollmentRules] = {}
        self._billed_by: dict[str, AccountRules] = {}

    def account(self, account_id: str) -> Account:
        """Return an account that a member of the set was placed in."""
        return self._accounts[account_id]

    def account_of(self, request: MaintenanceRequest) -> Account | None:
        """Return the account that a member belongs to, added when it is met for the first time."""
        if self._partner.individual is not None:
            account_id = content_id("A", self._partner.id, request.subscriber_id)
            account: Account | None = Account(
                account_id,
                self._partner.id,
                LineOfBusiness.INDIVIDUAL,
                membership_id=membership_id(account_id, request.subscriber_id),
            )
        elif request.policy in self._of_policy:
            account = self._of_policy[request.policy]
        else:
            account = self._of_policy[request.policy] = self._group_account(request.policy)
        account = self._own_account(account, request)
        if account is not None and account.id not in self._accounts:
            self._unit.enrollment.add_account(account)
            self._accounts[account.id] = account
        return account

    def _own_account(self, account: Account | None, request: MaintenanceRequest) -> Account | None:
        """Return the account of a group's member who pays for himself (INS05, as configured), else the group's."""
        if account is None or account.membership_id:
            return account
        if account.id not in self._pay_themselves:
            self._pay_themselves[account.id] = frozenset(settings_of(self._partner, account.id).direct_billed)
        if request.benefit_status not in self._pay_themselves[account.id]:
            return account
        account_id = direct_account_id(account.id, request.subscriber_id)
        return Account(
            account_id,
            account.partner_id,
            account.line_of_business,
            policy=account.policy,
            membership_id=membership_id(account_id, request.subscriber_id),
        )

    def _group_account(self, policy: str) -> Account | None:
        """Return the account that a policy leads to, or that the set's sponsor or account number does."""
        found = find_account([self._partner], policy, self._header.sponsor.id, self._header.account)
        if found is None:
            return None
        business = settings_of(self._partner, found).line_of_business
        return Account(found, self._partner.id, business, policy=policy)

    def rules_of(self, account: Account) -> EnrollmentRules:
        """Return the enrollment rules of an account."""
        agreed_as = self._agreed_as(account)
        if agreed_as not in self._rules:
            agreed = self._partner.profile.enrollment
            limits = self._partner.billing.retro_limit
            settings = settings_of(self._partner, account.id)
            plans = known_plans(self._unit, self._partner, settings)
            self._rules[agreed_as] = EnrollmentRules(
                end_equals_begin=agreed.end_equals_begin,
                subscriber_term_cascades=agreed.subscriber_term_cascades,
                termination_days_limit=limits.termination_days,
                addition_days_limit=limits.addition_days,
                known_plans=plans if settings.rate_source == "table" else None,
                mass_termination_percent=agreed.mass_termination_percent,
            )
        return self._rules[agreed_as]

    def billed_by(self, account: Account) -> AccountRules:
        """Return how an account is billed."""
        agreed_as = self._agreed_as(account)
        if agreed_as not in self._billed_by:
            self._billed_by[agreed_as] = account_rules(self.plant, account)
        rules = self._billed_by[agreed_as]
        return rules if rules.id == account.id else replace(rules, id=account.id)

    def circumstances(self, account: Account) -> Circumstances:
        """Return where and when the set's requests come from."""
        if self._from is None or self._from.account_id != account.id:
            self._from = Circumstances(
                partner_id=self._partner.id,
                account_id=account.id,
                source=self._record.source,
                known_at=self.known_at,
                received_on=self.today,
                header=self._header,
            )
        return self._from

    def agreement(self) -> tuple[object, ...]:
        """Return all that decides, beside its bytes, what a loop of this set asks for and what it does."""
        header = self._header
        accounts = self._partner.billing.accounts.values()
        plans = [sorted(known_plans(self._unit, self._partner, each)) for each in accounts]
        mapping = self.plant.mapping(self._partner.id, self._record.set.guide)
        return (
            __version__,
            (self._partner.id, self._partner.profile.enrollment, self._partner.billing, plans),
            (mapping.identity, self._record.delimiters),
            (header.sponsor.id, header.account, header.policy, header.effective_on, header.action),
        )

    def _agreed_as(self, account: Account) -> str:
        """Return the configured account that holds what is agreed on this one; of direct billing, `direct of` a group.

        '' is the pattern of individual accounts.
        """
        if account.id in self._configured:
            return account.id
        group = self._partner.group_of(account.id)
        return f"direct of {group}" if group else ""

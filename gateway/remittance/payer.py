"""Whose money it is, and whether the partner may pay there (DOMAIN 5.5 steps 1 and 2)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.remittance import Remittance, UnplacedReason
from gateway.remittance.books import PayableAccount
from gateway.remittance.rules import RemittanceRules, Tolerance

ANY_ACCOUNT = "*"


@dataclass(frozen=True, slots=True)
class Payer:
    """The account that a remittance or line means; without one, `reason` says why."""

    account_id: str = ""
    reason: UnplacedReason = UnplacedReason.NO_ACCOUNT


class AccountBook:
    """The accounts of the books by number, policy and tax id, with the partner's right to pay them."""

    def __init__(self, accounts: Iterable[PayableAccount], rules: RemittanceRules) -> None:
        """Index `accounts` for one partner's remittance."""
        self._rules = rules
        self._partners = {account.id: account.partner_id for account in accounts}
        self._tolerances = {account.id: account.tolerance for account in accounts}
        self._by_number: dict[str, set[str]] = defaultdict(set)
        self._by_tax_id: dict[str, set[str]] = defaultdict(set)
        for account in accounts:
            for number in filter(None, (account.id, *account.policies)):
                self._by_number[number].add(account.id)
            for tax_id in filter(None, account.tax_ids):
                self._by_tax_id[tax_id].add(account.id)

    def may_pay(self, account_id: str) -> bool:
        """Tell whether the partner may pay an account: its own ones, those granted, and a bank all."""
        granted = self._rules.may_pay
        is_own = self._partners.get(account_id) == self._rules.partner_id
        return is_own or account_id in granted or ANY_ACCOUNT in granted

    def tolerance(self, account_id: str) -> Tolerance:
        """Return what was agreed for the bills of an account, else for the partner that explains the money."""
        return self._tolerances.get(account_id) or self._rules.tolerance

    def by_number(self, number: str) -> Payer:
        """Return the account of this number or policy."""
        return self._choose(self._by_number.get(number, set()))

    def payer_of(self, remittance: Remittance) -> Payer:
        """Return the account that the header means: by REF*14, else REF*38 or 18, else the tax id of N1*PR."""
        found = [
            self._by_number.get(remittance.reference(*qualifiers), set()) for qualifiers in (("14",), ("38", "18"))
        ]
        found.append(self._by_tax_id.get(remittance.payer.id, set()))
        return self._choose(next(filter(None, found), set()))

    def _choose(self, found: set[str]) -> Payer:
        payable = [account_id for account_id in found if self.may_pay(account_id)]
        if len(payable) == 1:
            return Payer(payable[0])
        if payable:
            return Payer(reason=UnplacedReason.AMBIGUOUS)
        return Payer(reason=UnplacedReason.NO_PARTNER_RIGHT if found else UnplacedReason.NO_ACCOUNT)

"""A bill while it is made, one membership after the other: lines, proofs and release checks."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from gateway.billing.account import AccountRules
from gateway.billing.charges import causes
from gateway.billing.difference import billed_by_key, difference, due_by_key
from gateway.billing.explain import prove_explained
from gateway.billing.proof import prove_keys
from gateway.billing.rating import RateTable
from gateway.billing.release import BillDraft, Inspection
from gateway.domain.charge import BilledAmount, Charge, InvoiceLine
from gateway.domain.coverage import Family
from gateway.domain.finding import Finding
from gateway.domain.period import CoverageMonth


class BillSheet:
    """The lines between what an account owes and what it was billed, and what is remarkable about them.

    What a membership owes and was billed is forgotten once its lines are written; only the lines stay.
    """

    def __init__(self, account: AccountRules, rates: RateTable, current: CoverageMonth) -> None:
        """Begin a bill for `current`, the month that tells current charges from retroactive ones."""
        self._account = account
        self._rates = rates
        self._current = current
        self._inspection = Inspection()
        self.lines: list[InvoiceLine] = []

    def take(self, due: Sequence[Charge], billed: Sequence[BilledAmount], family: Family | None = None) -> None:
        """Write the lines of a membership; `family` tells what caused a charge that vanished.

        Raises InvariantBroken when they do not prove or explain themselves.
        """
        owed, already = due_by_key(due), billed_by_key(billed)
        why = (
            causes(family, self._account.catalogue) if family is not None and not already.keys() <= owed.keys() else {}
        )
        lines = difference(owed, already, current=self._current, causes=why, after=len(self.lines))
        prove_keys(owed, already, lines)
        prove_explained(lines)
        self._inspection.take(BillDraft(self._account, self._rates, self._current, due, billed, lines))
        self.lines += lines

    def findings(self) -> list[Finding]:
        """Return what the release checks say about the bill."""
        return self._inspection.findings()


def by_membership(
    families: Iterable[Family], billed: Iterable[BilledAmount]
) -> Iterator[tuple[Family | None, list[BilledAmount]]]:
    """Yield each family with what its membership was billed; both come in the order of membership ids.

    What was billed for somebody who is not among the families (moved to another account) comes without a family.
    """
    amounts = ((key, list(group)) for key, group in groupby(billed, key=attrgetter("membership_id")))
    key, group = next(amounts, ("", []))
    for family in families:
        while group and key < family.membership.id:
            yield None, group
            key, group = next(amounts, ("", []))
        if group and key == family.membership.id:
            yield family, group
            key, group = next(amounts, ("", []))
        else:
            yield family, []
    while group:
        yield None, group
        key, group = next(amounts, ("", []))

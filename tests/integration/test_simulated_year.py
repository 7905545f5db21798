"""A year of a small insurer on a moved clock: monthly changes, some late, some back in time; rates that rise; payments.

What every group owes at the end is computed a second time here, day by day and member by member, from the same wishes
that the 834s were written from: nothing of the gateway's billing is called for it.
"""

import random
from calendar import monthrange
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from gateway.demo.remittances import Feed, pay_invoice
from gateway.domain.journal import LedgerAccount
from gateway.partners.billing import BillWindow
from tests.unit.pipeline.groups import configure, form_groups, of
from tests.unit.pipeline.x12_files import Envelope, enrollment

FIRST, LAST = date(2025, 6, 1), date(2026, 7, 31)  # of what is covered, and the last cutoff
DAY = timedelta(1)
TIERS = ("EMP", "ESP", "ECH", "FAM")
PRICES = {  # acme's rates.csv, written down a second time
    (2025, "EMP"): 62000, (2025, "ESP"): 124000, (2025, "ECH"): 117800, (2025, "FAM"): 145000,
    (2026, "EMP"): 65100, (2026, "ESP"): 130200, (2026, "ECH"): 123690, (2026, "FAM"): 152250,
}  # fmt: skip
PRORATIONS = ("none", "daily", "mid_month")


def months(first=FIRST, last=LAST):
    """The first days of the months from one day to another."""
    day = first.replace(day=1)
    while day <= last:
        yield day
        day = (day + timedelta(31)).replace(day=1)


@dataclass
class Person:
    """A subscriber: the tier of every day on which there is cover."""

    id: str
    tier_of: dict[date, str] = field(default_factory=dict)

    def covered(self, starts: date, tier: str) -> None:
        self.tier_of = {starts + DAY * n: tier for n in range((LAST - starts).days + 1)}

    def left(self, last: date) -> None:
        self.tier_of = {day: tier for day, tier in self.tier_of.items() if day <= last}

    def changed(self, since: date, tier: str) -> None:
        self.tier_of = {day: tier if day >= since else old for day, old in self.tier_of.items()}

    @property
    def last(self) -> date:
        return max(self.tier_of)

    @property
    def first(self) -> date:
        return min(self.tier_of)


def owed(person: Person, proration: str) -> int:
    """What a person costs in all months together, in cents, found by looking at every day."""
    cents = 0
    for first in months():
        length = monthrange(first.year, first.month)[1]
        tiers = [person.tier_of.get(first + DAY * n) for n in range(length)]
        prices = [None if tier is None else PRICES[first.year, tier] for tier in tiers]
        covered = [price for price in prices if price is not None]
        if proration == "none":
            cents += covered[0] if covered else 0
        elif proration == "daily":
            cents += int(sum((Fraction(price, length) for price in covered), Fraction(1, 2)))
        elif prices[14] is not None and prices[15] is not None:  # over the turn of the 15th
            cents += prices[14]
    return cents


class Insurer:
    """Groups of acme, and what happens to their people in a month: told by 834s, and kept in mind here."""

    def __init__(self, house, groups, seed=834):
        self.house = house
        self.dice = random.Random(seed)
        self.groups = {f"G{n:03}": [] for n in range(groups)}
        self.proration = {group: PRORATIONS[n % 3] for n, group in enumerate(self.groups)}
        self.paid = Counter()
        self.files = 0
        form_groups(house, *self.groups)
        for group, proration in self.proration.items():
            configure(house, group, proration=proration)
        # Nothing is fed out: this is about what is owed, and 600 bills in two formats are another test's matter.
        house.agree("acme", feeds={"formats": ()}, enrollment={"end_equals_begin": "one_day"})
        starts = [first.replace(day=10) for first in months(FIRST, LAST)]
        cycle = tuple(
            BillWindow(start=day, end=day + 4 * DAY, cutoff=min(next_last(day), LAST), accounting=day.replace(day=1))
            for day in starts
        )
        house.agree_on_billing("acme", bill_cycles={"MONTHLY": cycle})

    def month(self, first: date) -> None:
        """Let a month happen: changes on the 5th, the bill on the 10th, a late change on the 20th, payments."""
        self._at(first.replace(day=5))
        self._tell([(group, self._happens(group, people, first)) for group, people in self.groups.items()])
        self._at(first.replace(day=10))
        report = self.house.app.bill(first.replace(day=10))
        assert ([], True) == (report.held, report.proofs[0].holds)
        assert [] == self.house.app.bill(first.replace(day=10)).invoices
        self._at(first.replace(day=20))
        late = self.dice.sample(sorted(self.groups), k=max(1, len(self.groups) // 10))
        self._tell([(group, self._happens(group, self.groups[group], first)) for group in late])
        for invoice in report.invoices:
            if invoice.total > 0 and self.dice.random() < 0.1:
                self._pay(invoice)

    def _at(self, day: date) -> None:
        self.house.clock.instant = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)

    @property
    def _limit(self) -> date:
        """Nothing here goes back as far as acme's retro limit of 60 days, of which others have their tests."""
        return self.house.clock.business_date() - 58 * DAY

    def _happens(self, group, people, first):
        """Return the INS loops of what happens to one group, one thing to a person at most."""
        loops = []
        for person in people:
            if person.tier_of and self.dice.random() < 0.2:
                loops += self._something(group, person, first)
        if len(people) < 3 or self.dice.random() < 0.3:
            person = Person(f"{group}P{len(people)}")
            starts, tier = first + DAY * self.dice.choice([-20, 0, 0, 9, 15, 26, 27]), self.dice.choice(TIERS)
            person.covered(starts, tier)
            people.append(person)
            loops.append(of(group, person.id, tier=tier, begins=f"{starts:%Y%m%d}"))
        return loops

    def _something(self, group, person, first):
        """Return what happens to somebody who is covered: an end, perhaps back in time, a cancel, or another tier."""
        tier, what = person.tier_of[person.last], self.dice.random()
        if what < 0.4:
            last = first + DAY * self.dice.choice([-41, -31, -13, -1, 0, 13, 14, 15, 29])
            if max(person.first, self._limit) <= last < person.last:
                person.left(last)
                return [of(group, person.id, does="024", tier=tier, ends=f"{last:%Y%m%d}")]
        elif what < 0.5 and person.first > self._limit:
            before = person.first - DAY
            person.tier_of = {}
            return [of(group, person.id, does="024", tier=tier, ends=f"{before:%Y%m%d}")]
        elif what > 0.5:
            since = max(first + DAY * self.dice.choice([-30, 0, 11, 31]), person.first)
            other = self.dice.choice([each for each in TIERS if each != tier])
            if self._limit <= since <= person.last == LAST:
                person.changed(since, other)
                return [of(group, person.id, does="001", tier=other, begins=f"{since:%Y%m%d}")]
        return []

    def _tell(self, happened) -> None:
        """Send one file with a set for each group to which something happened."""
        sets = []
        self.files += 1
        for group, loops in happened:
            if loops:
                number = len(sets) + 1
                now = self.house.clock.instant
                sets.append(
                    enrollment(*loops, policy=group, number=f"{number:04}", reference=f"R{self.files}-{number}",
                               created=f"{now:%Y%m%d}*0900")
                )  # fmt: skip
        if sets:
            file = self.house.take("acme", Envelope(number=f"{self.files:09}", asks_for_ta1=False).around(*sets))
            assert [] == self.house.app.refusals(file.id)

    def _pay(self, invoice) -> None:
        """Let the bank bring the money of a bill."""
        trace = f"T{invoice.id}"
        feed = Feed(invoice.id, invoice.account_id, invoice.total)
        now = self.house.clock.instant
        self.house.take("elm", pay_invoice(feed, feed.total, payer="ACME", tax_id="123456789", trace=trace, on=now))
        self.paid[invoice.account_id] += int(invoice.total * 100)

    def expected(self, group) -> Decimal:
        """What a group owes in the end, day by day, less what it paid."""
        cents = sum(owed(person, self.proration[group]) for person in self.groups[group])
        return Decimal(cents - self.paid[group]).scaleb(-2)


def next_last(first: date) -> date:
    """The last day of the following month."""
    return (first + timedelta(62)).replace(day=1) - DAY


def play_year(house, groups: int) -> Insurer:
    """Play twelve months."""
    insurer = Insurer(house, groups)
    for first in months(date(2025, 7, 1), date(2026, 6, 30)):
        insurer.month(first)
    return insurer


@pytest.fixture
def year(house):
    return play_year(house, 50)


def test_a_year_of_fifty_groups_ends_in_the_balances_of_an_independent_recomputation(year):
    """Balances are what every day comes to; all bills prove; every change found its bill."""
    house = year.house
    house.clock.instant = datetime(2026, 7, 10, 9, tzinfo=UTC)
    house.app.bill(date(2026, 7, 10))  # what was learned after June's bill
    with house.plant.open_unit() as unit:
        found = {
            group: unit.ledger.balance(LedgerAccount.RECEIVABLE, account_id=group)
            + unit.ledger.balance(LedgerAccount.UNAPPLIED, account_id=group)
            for group in year.groups
        }
    assert {group: year.expected(group) for group in year.groups} == found
    proof = house.app.queries.prove()
    assert () == proof.faults
    assert proof.invoices > 10 * len(year.groups)
    looked = [each for group in year.groups for each in house.app.queries.account(group).impacts.items]
    assert {"billed", "no_effect"} >= {each.impact.value for each in looked}
    assert {"CURRENT", "RETRO_ADD", "RETRO_TERM", "RETRO_CHANGE"} == {
        kind for (kind,) in house.rows("SELECT DISTINCT line_type FROM invoice_lines")
    }


def test_the_day_by_day_price_is_that_of_domain_9_3():
    """19 of 30 days from the 12th; cover over the 15th is a whole month."""
    person = Person("P")
    person.covered(date(2025, 11, 12), "EMP")
    person.left(date(2025, 11, 30))
    assert [62000, 39267, 62000] == [owed(person, proration) for proration in PRORATIONS]

"""How long money has been owed, or has lain without a home (DOMAIN 8.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.domain.money import ZERO, Money


class Bucket(StrEnum):
    """Days past due, or days since the deposit for suspense."""

    NOT_DUE = "not due"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    TO_120 = "91-120"
    OVER_120 = "over 120"


_LAST_DAYS = ((0, Bucket.NOT_DUE), (30, Bucket.TO_30), (60, Bucket.TO_60), (90, Bucket.TO_90), (120, Bucket.TO_120))


@dataclass(frozen=True, slots=True)
class Aging:
    """Amounts per bucket. Unapplied and suspense stand beside and are never netted into a bucket (DOMAIN 8.6)."""

    as_of: date
    buckets: dict[Bucket, Money]
    unapplied: Money = ZERO
    suspense: Money = ZERO

    @property
    def total_open(self) -> Money:
        """Everything that is owed, due or not."""
        return sum(self.buckets.values(), ZERO)

    @property
    def past_due(self) -> Money:
        """What is owed and late."""
        return self.total_open - self.buckets[Bucket.NOT_DUE]

    @property
    def net_exposure(self) -> Money:
        """What is owed less the account's own unapplied money."""
        return self.total_open - self.unapplied


def bucket_of(since: date, as_of: date) -> Bucket:
    """Return the bucket of something due (or, for suspense, deposited) on `since`."""
    days = (as_of - since).days
    return next((bucket for last_day, bucket in _LAST_DAYS if days <= last_day), Bucket.OVER_120)


def age(
    amounts: Iterable[tuple[date, Money]], as_of: date, *, unapplied: Money = ZERO, suspense: Money = ZERO
) -> Aging:
    """Return `amounts` (due or deposit date, what is open) by bucket as of a day, every bucket present."""
    buckets = dict.fromkeys(Bucket, ZERO)
    for since, amount in amounts:
        buckets[bucket_of(since, as_of)] += amount
    return Aging(as_of, buckets, unapplied, suspense)

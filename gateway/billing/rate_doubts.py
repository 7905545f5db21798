"""What looks wrong about a new rate table before anybody is billed with it (HF-24)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from gateway.billing.effective import Effective, compare
from gateway.billing.rating import Rate
from gateway.billing.tier import FITS
from gateway.domain.age import AgeBand
from gateway.domain.finding import Finding, Level, Severity

_JUMP_PERCENT = Decimal(25)  # a renewal beyond that is rarer than a slip of the hand
_DAY = timedelta(days=1)

_WIDER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "EMP": ("ESP", "TWO", "E1D", "ECH", "E5D", "FAM"),
        "ESP": ("FAM",),
        "ECH": ("FAM",),
        "TWO": ("FAM",),
        "E1D": ("E2D", "E6D", "FAM"),
        "E2D": ("E3D", "E7D", "FAM"),
        "E3D": ("E8D", "FAM"),
        "E5D": ("E6D",),
        "E6D": ("E7D",),
        "E7D": ("E8D",),
        "E8D": ("E9D",),
    }
)
"""Tiers by HD05 with those that cover whom they cover and somebody more, and so cost no less."""


def rate_doubts(before: Sequence[Rate], after: Sequence[Rate]) -> list[Finding]:
    """Return, as warnings, what a person should look at before approving `after` in place of `before`.

    TIER_ORDER: a tier costs more than one that covers more people. UNKNOWN_TIER: a code that HD05 does not have and
    the plan had no price for. RATE_JUMP: a price moves by more than a quarter. RATE_ENDS: a plan and tier that had a
    price for as long as one could see has none from some day on.
    """
    return [
        *_tier_order(before, after),
        *_unknown_tiers(before, after),
        *_jumps(before, after),
        *_ends(before, after),
    ]


def _tier_order(before: Sequence[Rate], after: Sequence[Rate]) -> Iterator[Finding]:
    """Compare the tiers of each plan on the days on which a changed row begins."""
    table = Effective(after)
    begins = {(each.row.plan, each.row.starts_on) for each in compare(before, after) if each.after is not None}
    for plan, day in sorted(begins):
        for tier, wider in _WIDER.items():
            rate = table.on((plan, tier), day)
            for other in wider if rate else ():
                more = table.on((plan, other), day)
                if rate and more and rate.amount > more.amount:
                    words = f"plan {plan} from {day}: tier {tier} costs {rate.amount}, more than {other}, {more.amount}"
                    yield _doubt("TIER_ORDER", f"{words}; are the two exchanged?")


def _unknown_tiers(before: Iterable[Rate], after: Iterable[Rate]) -> Iterator[Finding]:
    """Find tiers that are neither of HD05 nor age bands nor known from before."""
    known = {rate.key for rate in before}
    for plan, tier in sorted({rate.key for rate in after} - known):
        if tier not in FITS and AgeBand.parse(tier) is None:
            yield _doubt("UNKNOWN_TIER", f"plan {plan}: {tier} is no tier of HD05; is it misspelled?")


def _jumps(before: Sequence[Rate], after: Sequence[Rate]) -> Iterator[Finding]:
    """Compare each changed price with the one that it follows or stands in place of."""
    old, new = Effective(before), Effective(after)
    for each in compare(before, after):
        rate = each.after
        if rate is None:
            continue
        was = old.on(rate.key, rate.starts_on) or new.on(rate.key, rate.starts_on - _DAY)
        if was and was.amount and abs(rate.amount - was.amount) * 100 > was.amount * _JUMP_PERCENT:
            words = f"plan {rate.plan}, tier {rate.tier} from {rate.starts_on}: {rate.amount} instead of {was.amount}"
            yield _doubt("RATE_JUMP", f"{words}, a change of more than {_JUMP_PERCENT} percent")


def _ends(before: Sequence[Rate], after: Sequence[Rate]) -> Iterator[Finding]:
    """Find prices that went on without end and do not any more."""
    old, new = Effective(before), Effective(after)
    for (plan, tier), rows in sorted(old.rows.items()):
        if rows[-1].ends_on is not None:
            continue
        coming = new.rows.get((plan, tier))
        if not coming:
            yield _doubt("RATE_ENDS", f"plan {plan}, tier {tier}: there is no price any more")
        elif coming[-1].ends_on is not None:
            words = f"plan {plan}, tier {tier}: there is no price from {coming[-1].ends_on + _DAY} on"
            yield _doubt("RATE_ENDS", words)


def _doubt(code: str, message: str) -> Finding:
    """Return a warning of our own rules."""
    return Finding(code=code, level=Level.BUSINESS, message=message, severity=Severity.WARNING, snip=7)

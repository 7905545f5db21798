"""What employer and employee each pay of a premium (DOMAIN 8.1): the two shares always sum to the amount."""

from gateway.billing.rating import Contribution
from gateway.domain.money import ZERO, Money, round_cents


def employer_share(contribution: Contribution, amount: Money, rate: Money) -> Money:
    """Return what the employer pays of `amount`, which is what is charged of the full month's price `rate`.

    A percentage is taken of the amount. A flat amount is for a full month: of a part of a month its like part is
    paid. The share is never more than the amount, and never less than nothing; the employee pays the rest.
    """
    if contribution.percent is not None:
        share = round_cents(amount * contribution.percent / 100)
    elif contribution.amount is None or rate == ZERO:
        share = ZERO
    else:
        share = round_cents(contribution.amount * amount / rate)
    return max(min(share, amount), ZERO)

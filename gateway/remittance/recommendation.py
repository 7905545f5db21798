"""What a person should do next about an account in arrears, and why (HF-21): a table of rules, the first that fits."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.domain.collection import AccountHistory, DelinquencyState, StepKind
from gateway.domain.money import ZERO, Money, round_cents
from gateway.remittance.delinquency import Delinquency, made

_LARGE_MONTHS = 2
_USUAL_OF = 3  # bills


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a rule looks at: the standing, and what one bill usually comes to."""

    found: Delinquency
    usual_bill: Money
    is_warned: bool = False  # the final notice was made

    @property
    def is_large(self) -> bool:
        """Whether two usual bills or more are asked for."""
        return self.usual_bill > ZERO and self.found.asked_for >= _LARGE_MONTHS * self.usual_bill

    def explained(self) -> str:
        """Return the inputs in words."""
        found = self.found
        words = [found.state.value, f"{found.days_past_due} days past due", f"asked for {found.asked_for}"]
        words += [f"disputed {found.disputed}"] if found.disputed else []
        words += [f"usual bill {self.usual_bill}"] if self.usual_bill else []
        words += ["final notice made"] if self.is_warned else []
        words += [f"grace through {found.grace_ends_on}"] if found.grace_ends_on else []
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A suggested step with the inputs that led to it; `step` is empty where nothing is to be done."""

    step: str
    because: str


def _is(*states: DelinquencyState) -> Callable[[Inputs], bool]:
    """Return the condition that an account is in one of `states`."""
    return lambda inputs: inputs.found.state in states


RULES: tuple[tuple[str, Callable[[Inputs], bool]], ...] = (
    ("settle the final account", lambda each: _is(DelinquencyState.TERMINATED)(each) and each.found.past_due > ZERO),
    ("wait for the 834", _is(DelinquencyState.TERM_REQUESTED)),
    ("request the termination", lambda each: _is(DelinquencyState.GRACE_EXPIRED)(each) and each.is_warned),
    ("send the final notice", _is(DelinquencyState.GRACE_EXPIRED)),
    ("answer the dispute", _is(DelinquencyState.DISPUTED)),
    ("offer a payment plan", lambda each: _is(DelinquencyState.IN_GRACE)(each) and each.is_large),
    ("call", _is(DelinquencyState.IN_GRACE)),
    ("remind", _is(DelinquencyState.PAST_DUE)),
)


def recommend(history: AccountHistory, found: Delinquency) -> Recommendation:
    """Return the step of the first rule that fits, explained by its inputs."""
    is_warned = found.started_on is not None and bool(made(history, found.started_on, StepKind.FINAL, found.as_of))
    inputs = Inputs(found, usual_bill(history), is_warned)
    step = next((step for step, fits in RULES if fits(inputs)), "")
    return Recommendation(step, inputs.explained() if step else "")


def usual_bill(history: AccountHistory) -> Money:
    """Return the mean of the last three bills that asked for money; nothing where there is none."""
    bills = sorted((each.bill_on, each.id, each.total) for each in history.invoices if each.total > ZERO)[-_USUAL_OF:]
    return round_cents(sum((total for *_, total in bills), ZERO) / len(bills)) if bills else ZERO

"""Which accounts a request is for: the hook C1-INVACTEL of the customer class (DOMAIN 3.1, OR-04, OR-32)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.parties import LineOfBusiness


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a person asked to bill: one account, or in group business a person with all accounts that are eligible.

    `with_children` takes the accounts of the persons below too; `without` are accounts that are taken out.
    """

    account_id: str = ""
    person_id: str = ""
    with_children: bool = False
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that may be selected; `not_eligible` says why it must not, '' where it may."""

    account_id: str
    person_id: str
    line_of_business: LineOfBusiness
    not_eligible: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """The accounts that are billed, and those of the target that are not, each with the reason."""

    chosen: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()


class AccountSelection(Protocol):
    """The customer class event "invoice request account selection"."""

    def __call__(self, target: Target, candidates: Sequence[Candidate], parents: Mapping[str, str]) -> Selection:
        """Return who of `candidates` is billed; `parents` gives each person the one above it."""
        ...


def select_accounts(target: Target, candidates: Sequence[Candidate], parents: Mapping[str, str]) -> Selection:
    """Select the accounts of `target` as C1-INVACTEL does: every eligible one, in the order given.

    Business that is neither fully insured group nor individual is never selected; a person stands for accounts of
    group business only.
    """
    chosen: list[str] = []
    left_out: list[tuple[str, str]] = []
    for each in candidates:
        if not _is_meant(target, each, parents):
            continue
        why = _why_left_out(target, each)
        if why:
            left_out.append((each.account_id, why))
        else:
            chosen.append(each.account_id)
    return Selection(tuple(chosen), tuple(left_out))


def is_at_or_below(person_id: str, top: str, parents: Mapping[str, str]) -> bool:
    """Tell whether a person is `top` or below it; a circle of persons, which no configuration has, ends the way."""
    seen: set[str] = set()
    here = person_id
    while here and here not in seen:
        if here == top:
            return True
        seen.add(here)
        here = parents.get(here, "")
    return False


def _is_meant(target: Target, candidate: Candidate, parents: Mapping[str, str]) -> bool:
    """Tell whether the target names the account, or a person whose account it is."""
    if target.account_id:
        return candidate.account_id == target.account_id
    if candidate.person_id == target.person_id:
        return True
    return target.with_children and is_at_or_below(candidate.person_id, target.person_id, parents)


def _why_left_out(target: Target, candidate: Candidate) -> str:
    """Return why a meant account is not billed, '' when it is."""
    if candidate.account_id in target.without:
        return "it was taken out"
    if candidate.line_of_business is LineOfBusiness.SELF_FUNDED:
        return "self-funded business gets no invoice request"
    if target.person_id and candidate.line_of_business is LineOfBusiness.INDIVIDUAL:
        return "individual business is ordered by account"
    return candidate.not_eligible

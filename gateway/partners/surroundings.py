"""What a partner's configuration may refer to outside its own folder, and the form of the rules that check it."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.domain.mistake import Mistake
from gateway.partners.partner import Partner

PROFILE_FILE = "profile.toml"
BILLING_FILE = "billing.toml"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The home, the names that code and mappings offer, and the environment that secrets may come from."""

    home: Path
    quirks: Collection[str] = ()
    date_algorithms: Collection[str] = ()
    account_selections: Collection[str] = ()
    status_updates: Collection[str] = ()
    eligibility_type: str = "INVRACTE"
    calendars: Collection[str] = ()
    layouts: Mapping[str, Collection[str]] = field(default_factory=dict)  # of census files: name and formats
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


Rule = Callable[[Partner, Surroundings], Iterator[Mistake]]
"""Yields what is wrong with one partner; rules do not depend on each other and all of them run."""


def in_profile(partner: Partner, key: str, problem: str, remedy: str) -> Mistake:
    """Return a mistake in the partner's profile.toml."""
    return Mistake(f"partners/{partner.folder.name}/{PROFILE_FILE}", key, problem, remedy)


def in_billing(partner: Partner, key: str, problem: str, remedy: str) -> Mistake:
    """Return a mistake in the partner's billing.toml."""
    return Mistake(f"partners/{partner.folder.name}/{BILLING_FILE}", key, problem, remedy)

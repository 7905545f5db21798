"""Tiers: who must be covered for one, and the one that follows from who is covered (DOMAIN 8.1, HD05)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.domain.coverage import Member

_SPOUSES = frozenset({"01", "53"})  # INS02: spouse, life partner


def is_spouse(member: Member) -> bool:
    """Tell whether INS02 says spouse or life partner; any other dependent counts as a child."""
    return member.relationship in _SPOUSES


@dataclass(frozen=True, slots=True)
class Composition:
    """Who of a family is covered on a day: the subscriber or not, spouses, and other dependents as children."""

    has_subscriber: bool
    spouses: int
    children: int

    @property
    def dependents(self) -> int:
        """How many are covered besides the subscriber."""
        return self.spouses + self.children

    @property
    def lives(self) -> int:
        """How many are covered."""
        return self.has_subscriber + self.dependents

    @classmethod
    def of(cls, members: Collection[Member]) -> "Composition":
        """Count members: a dependent whose INS02 is 01 or 53 is a spouse, any other a child."""
        dependents = [member for member in members if not member.is_subscriber]
        spouses = sum(map(is_spouse, dependents))
        return cls(len(dependents) < len(members), spouses, len(dependents) - spouses)


FITS: Mapping[str, Callable[[Composition], bool]] = MappingProxyType(
    {
        "EMP": lambda who: who.has_subscriber and who.dependents == 0,
        "IND": lambda who: who.lives == 1,
        "ESP": lambda who: who.has_subscriber and who.spouses > 0 and who.children == 0,
        "TWO": lambda who: who.lives == 2,
        "E1D": lambda who: who.has_subscriber and who.dependents == 1,
        "E2D": lambda who: who.has_subscriber and who.dependents == 2,
        "E3D": lambda who: who.has_subscriber and who.dependents == 3,
        "ECH": lambda who: who.has_subscriber and who.spouses == 0 and who.children > 0,
        "E9D": lambda who: who.has_subscriber and who.dependents >= 5,
        "E8D": lambda who: who.has_subscriber and who.dependents >= 4,
        "E7D": lambda who: who.has_subscriber and who.dependents >= 3,
        "E6D": lambda who: who.has_subscriber and who.dependents >= 2,
        "E5D": lambda who: who.has_subscriber and who.dependents >= 1,
        "FAM": lambda who: who.has_subscriber and who.dependents > 1,
        "SPO": lambda who: not who.has_subscriber and who.spouses > 0 and who.children == 0,
        "SPC": lambda who: not who.has_subscriber and who.spouses > 0 and who.children > 0,
        "CHD": lambda who: not who.has_subscriber and who.spouses == 0 and who.children > 0,
        "DEP": lambda who: not who.has_subscriber and who.dependents > 0,
    }
)
"""Tiers in the order in which they are derived: the exact ones before the wide ones."""


def derive_tier(who: Composition, priced: frozenset[str]) -> str:
    """Return the tier that fits `who` among those that the plan has a price for, or '' when none does.

    A plan with fewer tiers prices any family with dependents as FAM.
    """
    for tier, fits in FITS.items():
        if tier in priced and fits(who):
            return tier
    return "FAM" if "FAM" in priced and who.has_subscriber and who.dependents else ""


def disagrees(tier: str, who: Composition) -> bool:
    """Tell whether the sent `tier` cannot be that of `who`; tiers that are not known here never disagree."""
    return tier in FITS and not FITS[tier](who)

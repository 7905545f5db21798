"""What a person must look at, and what a person decided: work items, reviews of held sets, discrepancies."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What a person decided about a held set."""

    RELEASE = "release"  # it is applied once, without the guard that held it
    REFUSE = "refuse"  # it ends without effect, and the partner is told


@dataclass(frozen=True, slots=True)
class Review:
    """One decision about one set: written once, never edited. `waived` are the codes of the guards it lifts."""

    id: str
    set_id: str
    file_id: str
    verdict: Verdict
    by: str
    reason: str
    at: datetime
    waived: tuple[str, ...] = ()


class ItemEnd(StrEnum):
    """How a work item was closed."""

    APPLIED = "applied"  # the member came again and was applied
    SENT_AGAIN = "sent_again"  # the member came again and was refused again: a newer item stands for it
    RELEASED = "released"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A member that was refused, or a set that is held, until it is put right.

    `ordinal` is the INS loop, 0 for a whole set. `names` are hashes of what the member is recognised by when it comes
    again; `closed_by` is the set that closed the item, empty where a person did.
    """

    id: str
    partner_id: str
    account_id: str
    subscriber_id: str = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    code: str
    message: str
    file_id: str
    set_id: str
    ordinal: int
    position: int
    opened_at: datetime
    ending: ItemEnd | None = None
    closed_at: datetime | None = None
    closed_by: str = ""


class Disagreement(StrEnum):
    """How a full file and what is on file disagree (DOMAIN 4.6)."""

    MISSING_HERE = "missing here"
    MISSING_THERE = "missing there"
    DATES = "different dates"
    PLAN = "different plan"
    TIER = "different tier"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One disagreement about one member; `ordinal` is the INS loop, None for somebody who is not in the file.

    `on_file` and `sent` say what disagrees, as `2025-01-01 .. open` or a plan or tier; empty where one side is silent.
    """

    kind: Disagreement
    membership_id: str = ""
    member_id: str = ""
    ordinal: int | None = None
    insurance_line: str = ""
    plan: str = ""
    subscriber_id: str = field(default="", repr=False)
    on_file: str = ""
    sent: str = ""

"""What people decided about who may be billed and how: characteristics of memberships, versions of request types."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What a membership has for a characteristic type, such as INVRACTE = Y; the latest one counts.

    `by` is `834` with the set that said it, or the person who did with the reason.
    """

    key: str
    membership_id: str
    code: str
    setting: str
    at: datetime
    by: str
    set_id: str = ""
    reason: str = ""


class TypeChange(StrEnum):
    """How a request type came to be as it is."""

    COPIED = "copied"
    INACTIVATED = "inactivated"
    ACTIVATED = "activated"
    WRITTEN = "written"  # by hand, in the file: who did it, the file's own history knows
    REMOVED = "removed"  # by hand, too


@dataclass(frozen=True, slots=True)
class TypeVersion:
    """One version of an invoice request type, written down once and never edited (OR-34).

    `content` is the type as configured, as JSON with sorted keys; empty where it was removed. `number` counts the
    versions of the type from 1.
    """

    partner_id: str
    code: str
    number: int
    change: TypeChange
    content: str
    at: datetime
    by: str
    reason: str

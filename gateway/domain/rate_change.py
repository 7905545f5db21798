"""A new price file on its way: one person loads it, another approves it (HF-24)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class ChangeState(StrEnum):
    """What became of a change of a price file. Nothing but an approved one is ever billed with."""

    STAGED = "staged"  # waits for another person
    APPROVED = "approved"  # billed with from then on, until the next one is approved
    REJECTED = "rejected"
    REPLACED = "replaced"  # another file was loaded in its place before anybody decided


@dataclass(frozen=True, slots=True)
class RateChange:
    """One price file as a person loaded it, and the table that it leads to.

    `kind` is the kind of rows, `file` the name by which accounts know the table. `content` is what was loaded;
    `result` the whole table once it is approved: as before until `takes_effect_on`, as loaded from then on (None:
    as loaded throughout, months already billed included). `based_on` is the hash of the table that it changes. `number`
    counts the approved changes of a table; None for one that is not.
    """

    id: str
    partner_id: str
    kind: str
    file: str
    content: str = field(repr=False)
    result: str = field(repr=False)
    based_on: str
    takes_effect_on: date | None
    staged_by: str
    staged_at: datetime
    state: ChangeState = ChangeState.STAGED
    number: int | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""

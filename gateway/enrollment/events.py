"""From operations on cover to the event that billing sees: the table of DOMAIN 4.5, as data."""

from collections.abc import Iterable
from enum import Enum, auto

from gateway.domain.coverage import MaintenanceType, MembershipEvent


class Operation(Enum):
    """What one HD line asks for."""

    ADD = auto()
    ALTER = auto()
    END = auto()
    VOID = auto()
    BACK = auto()
    COMPARE = auto()
    LINK = auto()


OPERATIONS: dict[MaintenanceType, Operation] = {
    MaintenanceType.ADDITION: Operation.ADD,
    MaintenanceType.CHANGE: Operation.ALTER,
    MaintenanceType.CORRECTION: Operation.ALTER,
    MaintenanceType.TERMINATION: Operation.END,
    MaintenanceType.DELETE: Operation.VOID,
    MaintenanceType.REINSTATEMENT: Operation.BACK,
    MaintenanceType.AUDIT: Operation.COMPARE,
    MaintenanceType.NOT_APPLICABLE: Operation.LINK,
}
"""HD01, which is read before INS03 (DOMAIN 4.4 rule 6)."""

_WAS, _IS = True, True
_WAS_NOT, _IS_NOT = False, False

EVENTS: dict[tuple[Operation, bool, bool], MembershipEvent] = {
    (Operation.ADD, _WAS_NOT, _IS): MembershipEvent.ENROLL,
    (Operation.ADD, _WAS_NOT, _IS_NOT): MembershipEvent.CHANGE,
    (Operation.ADD, _WAS, _IS): MembershipEvent.CHANGE,
    (Operation.ADD, _WAS, _IS_NOT): MembershipEvent.CHANGE,
    (Operation.END, _WAS, _IS_NOT): MembershipEvent.TERMINATE,
    (Operation.END, _WAS, _IS): MembershipEvent.CHANGE,
    (Operation.END, _WAS_NOT, _IS): MembershipEvent.CHANGE,
    (Operation.END, _WAS_NOT, _IS_NOT): MembershipEvent.CHANGE,
    (Operation.VOID, _WAS, _IS_NOT): MembershipEvent.CANCEL,
    (Operation.VOID, _WAS, _IS): MembershipEvent.CANCEL,
    (Operation.VOID, _WAS_NOT, _IS): MembershipEvent.CANCEL,
    (Operation.VOID, _WAS_NOT, _IS_NOT): MembershipEvent.CANCEL,
    (Operation.BACK, _WAS_NOT, _IS): MembershipEvent.REINSTATE,
    (Operation.BACK, _WAS_NOT, _IS_NOT): MembershipEvent.REINSTATE,
    (Operation.BACK, _WAS, _IS): MembershipEvent.CHANGE,
    (Operation.BACK, _WAS, _IS_NOT): MembershipEvent.CHANGE,
    (Operation.ALTER, _WAS_NOT, _IS): MembershipEvent.ENROLL,
    (Operation.ALTER, _WAS_NOT, _IS_NOT): MembershipEvent.CHANGE,
    (Operation.ALTER, _WAS, _IS): MembershipEvent.CHANGE,
    (Operation.ALTER, _WAS, _IS_NOT): MembershipEvent.TERMINATE,
}
"""(What was done, was the membership active, is it now) to the event."""


def event_of(operations: Iterable[Operation], *, was_active: bool, is_active: bool) -> MembershipEvent:
    """Return the event of one INS loop whose `operations` (at least one) changed the cover.

    Lines that do different things net to an alteration: an old plan that ends beside a new one that begins is a
    change, not an end and an enrolment. A reinstatement stays one whatever comes with it.
    """
    kinds = set(operations)
    if len(kinds) == 1:
        return EVENTS[kinds.pop(), was_active, is_active]
    operation = Operation.BACK if Operation.BACK in kinds else Operation.ALTER
    return EVENTS[operation, was_active, is_active]

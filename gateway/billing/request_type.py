"""Invoice request types: what kind of request an event or a person may make (DOMAIN 3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.billing.calendar import WorkCalendar
from gateway.billing.dates import DATE_ALGORITHMS, DateAlgorithm
from gateway.domain.charge import LEGAL_REQUEST_TYPES, REQUEST_OBJECTS, BillGeneration, InvoiceMode


@dataclass(frozen=True, slots=True)
class RequestTypeRule:
    """One invoice request type, as the billing configuration gives it.

    `calendar` is the calendar of the date algorithm; None leaves it to the account's own (OR-28). `business_object`
    empty means the one that fits. `defer_count` and `threshold_days` None: not set.
    """

    code: str
    active: bool = True
    mode: InvoiceMode = InvoiceMode.AUTOMATIC
    generation: BillGeneration = BillGeneration.REGULAR
    approval: bool = False
    wait_days: int = 0
    defer_count: int | None = None
    date_algorithm: str = "C1-INVRDTCIM"
    threshold_days: int | None = None
    calendar: WorkCalendar | None = None
    business_object: str = ""
    description: str = ""
    approval_role: str = "C1-INVRA"  # To Do role of those who approve
    status_role: str = "C1-INVRS"  # To Do role of those who are told of a failure


def check_request_type(rule: RequestTypeRule, algorithms: Mapping[str, DateAlgorithm] = DATE_ALGORITHMS) -> list[str]:
    """Return what is illegal about `rule`, one plain sentence each; an empty list when it may be used (DOMAIN 3.2)."""
    faults = []
    if (rule.mode, rule.generation, False) not in LEGAL_REQUEST_TYPES:
        faults.append(f"{rule.code}: an automatic type must make regular bills, not {rule.generation} ones")
    if rule.approval and not LEGAL_REQUEST_TYPES.get((rule.mode, rule.generation, True)):
        faults.append(f"{rule.code}: approval is for manual types that make regular bills only")
    if rule.defer_count is not None and not LEGAL_REQUEST_TYPES.get((rule.mode, rule.generation, False)):
        faults.append(f"{rule.code}: a defer count is for manual types that make regular bills only")
    fitting = REQUEST_OBJECTS[rule.generation]
    if rule.business_object not in {"", fitting}:
        faults.append(f"{rule.code}: {rule.generation} bills need the business object {fitting!r}")
    if rule.mode is InvoiceMode.AUTOMATIC and rule.date_algorithm not in algorithms:
        known = ", ".join(sorted(algorithms))
        faults.append(f"{rule.code}: there is no date algorithm {rule.date_algorithm!r}; known are {known}")
    return faults

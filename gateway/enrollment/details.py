"""What is kept of a member beside the person and the cover: the latest of everything that was sent (DOMAIN 4.2, 4.3).

Nothing of it changes a cover. What a rule does not read is kept as it was sent, so that nothing is dropped silently.
"""

from collections.abc import Iterable
from typing import TypeVar

from gateway.domain.coverage import MaintenanceRequest, MemberDetails, ProductDetails

_Named = TypeVar("_Named", bound=tuple[str, ...])


def details_after(on_file: MemberDetails, request: MaintenanceRequest) -> MemberDetails:
    """Return `on_file` with everything that `request` tells; `on_file` itself when nothing of it is new.

    References, dates, particulars and reporting categories are replaced name by name (a name that was sent twice keeps
    both values), products by insurance line and plan, the responsible person and what no rule reads as a whole.
    """
    told = MemberDetails(
        references=_latest(on_file.references, request.references),
        dates=_latest(on_file.dates, request.dates),
        particulars=_latest(on_file.particulars, request.particulars),
        reporting=_latest(on_file.reporting, _categories(request)),
        responsible=request.responsible or on_file.responsible,
        products=_products(on_file.products, request),
        unread=request.unread or on_file.unread,
    )
    return on_file if told == on_file else told


def _latest(on_file: tuple[_Named, ...], sent: tuple[_Named, ...]) -> tuple[_Named, ...]:
    """Return both in the order of their names; of a name that was sent, only what was sent."""
    if not sent or sent == on_file:
        return on_file
    names = {each[0] for each in sent}
    return tuple(sorted((*(each for each in on_file if each[0] not in names), *sent)))


def _categories(request: MaintenanceRequest) -> tuple[tuple[str, str, str], ...]:
    """Return the reporting categories with their dates, each category once."""
    if not request.reporting:
        return ()
    days = dict(request.reporting_dates)
    dated = ((name, value, days[name].isoformat() if name in days else "") for name, value in request.reporting)
    return tuple(dict.fromkeys(dated))


def _products(on_file: tuple[ProductDetails, ...], request: MaintenanceRequest) -> tuple[ProductDetails, ...]:
    """Return what came with the HD lines, the latest of each product that something came with."""
    sent = {(each.insurance_line, each.plan): each for each in _sent_products(request)}
    if not sent:
        return on_file
    others = (each for each in on_file if (each.insurance_line, each.plan) not in sent)
    return tuple(sorted((*others, *sent.values()), key=lambda each: (each.insurance_line, each.plan)))


def _sent_products(request: MaintenanceRequest) -> Iterable[ProductDetails]:
    """Yield what came with each HD line beside the cover, where anything did."""
    for line in request.coverages:
        if line.references or line.dates or line.kept:
            yield ProductDetails(line.insurance_line, line.plan, line.references, line.dates, line.kept)

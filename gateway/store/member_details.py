"""The details of a member as the nested tuples of text that one JSON column keeps."""

from dataclasses import astuple, fields
from datetime import date
from typing import Any

from gateway.domain.coverage import NO_DETAILS, MemberDetails, ProductDetails
from gateway.domain.parties import Person

_BIRTH_DATE = [field.name for field in fields(Person)].index("birth_date")


def details_row(details: MemberDetails) -> tuple[Any, ...]:
    """Return details as JSON can hold them; nothing for none."""
    if details == NO_DETAILS:
        return ()
    return (
        details.references,
        details.dates,
        details.particulars,
        details.reporting,
        _responsible_row(details.responsible),
        tuple((each.insurance_line, each.plan, each.references, each.dates, each.kept) for each in details.products),
        details.unread,
    )


def details_of(row: tuple[Any, ...]) -> MemberDetails:
    """Return the details that `details_row` made a row of."""
    if not row:
        return NO_DETAILS
    references, dates, particulars, reporting, responsible, products, unread = row
    return MemberDetails(
        references,
        dates,
        particulars,
        reporting,
        _responsible_of(responsible),
        tuple(ProductDetails(*each) for each in products),
        unread,
    )


def _responsible_row(responsible: tuple[str, Person] | None) -> tuple[Any, ...]:
    """Return NM101 and the fields of the person, the birth date as text."""
    if responsible is None:
        return ()
    role, person = responsible
    values = list(astuple(person))
    values[_BIRTH_DATE] = person.birth_date.isoformat() if person.birth_date is not None else ""
    return (role, *values)


def _responsible_of(row: tuple[Any, ...]) -> tuple[str, Person] | None:
    """Return NM101 and the person."""
    if not row:
        return None
    role, *values = row
    born = values[_BIRTH_DATE]
    values[_BIRTH_DATE] = date.fromisoformat(born) if born else None
    return role, Person(*values)

"""What a mapping may fill: the domain's fields by section, what they hold, and in which loops they may stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.transactions.values_834 import Kind

HEADER_LOOPS = frozenset({"header", "1000A", "1000B", "1000C", "1100C"})
MEMBER_LOOPS = frozenset({"2000", "2100A"})


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a mapping file: its fields, the loops they are read in, and those that must have a place."""

    fields: Mapping[str, Kind]
    loops: frozenset[str]
    required: frozenset[str] = frozenset()


def _texts(*names: str) -> dict[str, Kind]:
    """Return fields that hold text."""
    return dict.fromkeys(names, Kind.TEXT)


_ORGANIZATION = _texts("name", "qualifier", "id")
_PERSON = {
    **_texts("last_name", "first_name", "middle_name", "suffix", "ssn", "other_id", "gender"),
    **_texts("street", "street_2", "city", "state", "postal_code", "language"),
    "birth_date": Kind.DATE,
    "contacts": Kind.PAIRS,
}

SECTIONS: Mapping[str, Section] = {
    "header": Section(
        {
            **_texts("reference", "purpose", "created_at", "policy", "account"),
            "action": Kind.ACTION,
            "created_on": Kind.DATE,
            "effective_on": Kind.DATE,
            "subscribers_total": Kind.COUNT,
            "dependents_total": Kind.COUNT,
            "members_total": Kind.COUNT,
        },
        HEADER_LOOPS,
        frozenset({"reference", "purpose", "action"}),
    ),
    "sponsor": Section(_ORGANIZATION, HEADER_LOOPS, frozenset({"id"})),
    "payer": Section(_ORGANIZATION, HEADER_LOOPS),
    "broker": Section(_ORGANIZATION, HEADER_LOOPS),
    "tpa": Section(_ORGANIZATION, HEADER_LOOPS),
    "member": Section(
        {
            **_texts("relationship", "reason", "benefit_status", "subscriber_id", "policy"),
            "is_subscriber": Kind.FLAG,
            "maintenance": Kind.MAINTENANCE,
            "died_on": Kind.DATE,
            "eligibility_begins_on": Kind.DATE,
            "eligibility_last_day": Kind.LAST_DAY,
            "effective_on": Kind.DATE,
        },
        MEMBER_LOOPS,
        frozenset({"is_subscriber", "maintenance", "subscriber_id"}),
    ),
    "person": Section(_PERSON, MEMBER_LOOPS),
    "particulars": Section(
        _texts(
            *("medicare", "cobra_event", "employment", "student", "handicap", "confidentiality", "birth_sequence"),
            *("marital_status", "health"),
        ),
        MEMBER_LOOPS,
    ),
    "former": Section(_PERSON, frozenset({"2100B"})),
    "responsible": Section({**_PERSON, "role": Kind.TEXT}, frozenset({"2100G"})),
    "coverage": Section(
        {
            **_texts("insurance_line", "plan", "level"),
            "maintenance": Kind.MAINTENANCE,
            "begins_on": Kind.DATE,
            "last_day": Kind.LAST_DAY,
            "effective_on": Kind.DATE,
            "premium": Kind.MONEY,
        },
        frozenset({"2300"}),
        frozenset({"maintenance", "insurance_line"}),
    ),
    "reporting": Section(
        {**_texts("name", "value"), "effective_on": Kind.DATE}, frozenset({"2750"}), frozenset({"name", "value"})
    ),
}
"""Every table of a mapping file for an 834."""

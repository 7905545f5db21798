"""What is found on a request, said to someone who does not speak X12: places of the 834 become names of columns."""

import re
from collections.abc import Mapping

from gateway.transactions.census_layout import Layout

_PLACES: Mapping[str, tuple[str, str]] = {
    "N1*P5": ("sponsor", "id"),
    "REF*38": ("header", "policy"),
    "REF*1L": ("member", "policy"),
    "REF*0F": ("member", "subscriber_id"),
    "INS01": ("member", "is_subscriber"),
    "INS02": ("member", "relationship"),
    "INS03": ("member", "maintenance"),
    "HD01": ("coverage", "maintenance"),
    "HD03": ("coverage", "insurance_line"),
    "HD04": ("coverage", "plan"),
    "HD05": ("coverage", "level"),
    "DTP 348": ("coverage", "begins_on"),
    "DTP 349": ("coverage", "last_day"),
    "DTP 356": ("member", "eligibility_begins_on"),
    "DTP 357": ("member", "eligibility_last_day"),
    "DTP 303": ("member", "effective_on"),
}
_PLACE = re.compile(r"N1\*P5\b|REF\*(?:38|1L|0F)\b|\bINS0[123]\b|\bHD0[1345]\b|(?:DTP )?\b(?:348|349|356|357|303)\b")


def in_columns(message: str, layout: Layout) -> str:
    """Return `message` with the columns of `layout` in place of the 834's places; what has no column stays."""
    columns: dict[tuple[str, str], str] = {}
    for source in layout.sources():
        if source.places:
            columns.setdefault((source.section, source.name), f"`{source.places[0]}`")

    def column(match: re.Match[str]) -> str:
        place = match[0] if not match[0].isdigit() else f"DTP {match[0]}"
        return columns.get(_PLACES[place], match[0])

    return _PLACE.sub(column, message)

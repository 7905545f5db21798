"""Kinds of values that several configuration files hold, each with its problem and remedy in plain words."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from gateway.configuration.toml_file import closest
from gateway.domain.bank import is_aba

_WEEKDAYS = {"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 7}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CRON_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    ("weekday", 1, 7, _WEEKDAYS),
)
_X12_TEXT = "[A-Za-z0-9 !&'()+,./?=%@_$#-]"
_CRON_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[1-9]\d*))?", re.ASCII)


def check_cron(text: str) -> str:
    """Return `text` when it is empty or a cron line of five fields; raises ValueError with problem and remedy.

    Weekdays are written as names, because programs disagree on which day 0 and 1 are.
    """
    fields = text.split()
    if text and len(fields) != len(_CRON_FIELDS):
        raise ValueError(
            f"a cron line has 5 fields, not {len(fields)}; write minute, hour, day, month, weekday: 30 6 * * mon-fri"
        )
    for field, (meaning, lowest, highest, names) in zip(fields, _CRON_FIELDS, strict=False):
        allowed = f"{next(iter(names))} to {list(names)[-1]}" if names is _WEEKDAYS else f"{lowest} to {highest}"
        if not all(_is_cron_part(part, lowest, highest, names) for part in field.split(",")):
            raise ValueError(f"its {meaning} `{field}` cannot be read; write * or {allowed}, as in a, a-b, a,b or */5")
    return text


def _is_cron_part(part: str, lowest: int, highest: int, names: dict[str, int]) -> bool:
    """Tell whether one item of a cron field is `*`, a value or a rising range, each with an optional step."""
    match = _CRON_PART.fullmatch(part.lower())
    if match is None:
        return False
    values = [_cron_value(text, names) for text in (match["first"], match["last"]) if text]
    return all(value is not None and lowest <= value <= highest for value in values) and values == sorted(
        value for value in values if value is not None
    )


def _cron_value(text: str, names: dict[str, int]) -> int | None:
    """Return the number that a cron value stands for, or None; a weekday has no numbers."""
    if text in names:
        return names[text]
    return int(text) if text.isdigit() and names is not _WEEKDAYS else None


@lru_cache(maxsize=64)
def check_time_zone(name: str) -> str:
    """Return `name` when it is a time zone of the IANA list; raises ValueError with problem and remedy."""
    try:
        if name != "UTC":
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no such time zone; {closest(name, available_timezones(), shown=0)}") from None
    return name


def parse_instant(text: str) -> datetime:
    """Return the instant written as an ISO date (its first moment) or date and time, in UTC where no offset is given.

    Raises ValueError with problem and remedy for anything else.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("this is no instant; write it as 2025-11-05 or 2025-11-05T08:00:00Z") from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _as_text(parse: Callable[[str], datetime]) -> BeforeValidator:
    """Return a validator that reads a value as the text it was written as."""
    return BeforeValidator(lambda value: parse(str(value)))


Cron = Annotated[str, AfterValidator(check_cron)]
TimeZone = Annotated[str, AfterValidator(check_time_zone)]
Instant = Annotated[datetime, _as_text(parse_instant)]
SeverityTable = dict[
    Annotated[str, Field(pattern=r"^(\d{3}/)?([A-Z]+(_[A-Z]+)*|(IK|AK|TA)\d{3}:\w{1,3})$")],
    Literal["error", "warning", "off"],
]
"""How heavy rules of the X12 check weigh, by rule (`DATE_LOGIC`), by set and rule (`834/DATE_LOGIC`), or by code."""
Qualifier = Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$")]
"""ISA05, ISA07."""
InterchangeId = Annotated[str, Field(pattern=rf"^{_X12_TEXT}{{1,15}}$")]
"""ISA06, ISA08: up to 15 characters of X12's extended set that nobody uses as a delimiter."""
InterchangeIdOrAny = Annotated[str, Field(pattern=rf"^(\*|{_X12_TEXT}{{1,15}})$")]
"""The same, or `*` for any."""


def check_routing(number: str) -> str:
    """Return a bank's number when it is empty or an ABA routing number; raises ValueError with problem and remedy."""
    if number and not is_aba(number):
        raise ValueError("this is no ABA routing number: nine digits, the last a check digit; copy it from the bank")
    return number


BankRouting = Annotated[str, AfterValidator(check_routing)]
"""The nine digits of a bank, or nothing."""

"""Ages and the bands that premiums are priced by (DOMAIN 8.1)."""

import re
from dataclasses import dataclass
from datetime import date

_BAND = re.compile(r"AGE (?P<low>\d{1,3})(?:-(?P<high>\d{1,3})|(?P<open>\+))?")


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Ages in whole years, both ends inclusive; `high` None means and older."""

    low: int
    high: int | None

    @classmethod
    def parse(cls, text: str) -> "AgeBand | None":
        """Return the band written as `AGE 0-14`, `AGE 15` or `AGE 64+`, or None for any other text.

        The word stands in front because a spreadsheet makes a date of a bare `10-14`.
        """
        found = _BAND.fullmatch(text)
        if found is None:
            return None
        low = int(found["low"])
        high = int(found["high"]) if found["high"] else low
        return None if high < low else cls(low, None if found["open"] else high)

    def holds(self, age: int) -> bool:
        """Tell whether somebody of this age belongs to the band."""
        return self.low <= age and (self.high is None or age <= self.high)


def age_on(birth_date: date, day: date) -> int:
    """Return the age in whole years on `day`; somebody who is not born yet is 0.

    Who was born on 29 February turns a year older on 1 March where there is no such day.
    """
    return max(day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day)), 0)

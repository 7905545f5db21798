"""Calendar files: what is wrong with one is said with its name and remedy."""

from datetime import date

import pytest

from gateway.billing.calendar import WorkCalendar, parse_calendar
from gateway.errors import ConfigurationError


def test_a_calendar_is_a_table_of_days_off():
    text = 'description = "ours"\n[holidays]\n2025-11-28 = "The day after"\n'
    assert WorkCalendar(frozenset({date(2025, 11, 28)})) == parse_calendar(text)


def test_a_calendar_may_keep_the_federal_holidays_beside_those_of_the_company():
    calendar = parse_calendar('federal = true\n[holidays]\n2025-11-28 = "The day after"\n')
    thursday = date(2025, 11, 27)
    assert date(2025, 12, 1) == calendar.roll_forward(thursday)
    assert thursday == parse_calendar("").roll_forward(thursday)


def test_a_calendar_without_days_off_has_weekends_only():
    assert WorkCalendar() == parse_calendar("")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[holidays", "not TOML"),
        ('[holidays]\n2025-02-30 = "no such day"\n20251128 = "not ISO"', "2025-02-30, 20251128"),
        ('[holiday]\n2025-11-28 = "typing error"', "holiday"),
        ('holidays = ["2025-11-28"]', "holidays"),
        ('federal = "US"', "neither true nor false"),
    ],
)
def test_a_wrong_calendar_is_refused_with_its_name(text, said):
    with pytest.raises(ConfigurationError, match="ours") as refusal:
        parse_calendar(text, name="ours")
    assert said in str(refusal.value)

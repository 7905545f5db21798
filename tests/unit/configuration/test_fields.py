"""Cron lines, time zones and instants."""

from datetime import UTC, datetime

import pytest
from apscheduler.triggers.cron import CronTrigger

from gateway.configuration.fields import check_cron, check_time_zone, parse_instant


@pytest.mark.parametrize(
    "line",
    [
        "* * * * *",
        "30 2 * * *",
        "*/5 6-20 * * mon-fri",
        "0,15,30,45 0 1,15 jan-jun/2 SUN",
        "0 0 31 12 *",
        "5-55/10 * * JAN *",
    ],
)
def test_a_cron_line_that_is_taken_is_one_that_the_scheduler_takes(line):
    assert line == check_cron(line)
    CronTrigger.from_crontab(line, timezone=UTC)


def test_no_cron_line_is_none():
    assert "" == check_cron("")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("* * * *", "a cron line has 5 fields, not 4"),
        ("* * * * * *", "a cron line has 5 fields, not 6"),
        ("60 * * * *", "its minute `60` cannot be read"),
        ("* 24 * * *", "its hour `24` cannot be read"),
        ("* * 0 * *", "its day of the month `0` cannot be read"),
        ("* * * 13 *", "its month `13` cannot be read"),
        ("* * * jam *", "its month `jam` cannot be read"),
        ("20-10 * * * *", "its minute `20-10` cannot be read"),
        ("*/0 * * * *", "its minute `*/0` cannot be read"),
        ("1,,2 * * * *", "its minute `1,,2` cannot be read"),
        ("* * * * 1", "its weekday `1` cannot be read"),
        ("* * * * fri-mon", "its weekday `fri-mon` cannot be read"),
        ("@daily", "a cron line has 5 fields, not 1"),
    ],
)
def test_a_cron_line_that_cannot_be_read_says_which_field(line, problem):
    with pytest.raises(ValueError, match="; write ") as caught:
        check_cron(line)
    assert problem == str(caught.value).split("; ")[0]


@pytest.mark.parametrize("name", ["UTC", "America/New_York"])
def test_a_time_zone_of_the_iana_list_is_taken(name):
    assert name == check_time_zone(name)


@pytest.mark.parametrize("name", ["", "EST5EDTT", "America/New York", "../etc/passwd"])
def test_another_time_zone_is_refused(name):
    with pytest.raises(ValueError, match="there is no such time zone; "):
        check_time_zone(name)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-11-05", datetime(2025, 11, 5, tzinfo=UTC)),
        ("2025-11-05T08:30", datetime(2025, 11, 5, 8, 30, tzinfo=UTC)),
        ("2025-11-05T08:30:00-05:00", datetime(2025, 11, 5, 13, 30, tzinfo=UTC)),
        ("2025-11-05 08:30:00Z", datetime(2025, 11, 5, 8, 30, tzinfo=UTC)),
    ],
)
def test_an_instant_is_utc_unless_it_says_otherwise(text, instant):
    assert instant == parse_instant(text)
    assert UTC is parse_instant(text).tzinfo


def test_what_is_no_instant_says_how_to_write_one():
    with pytest.raises(ValueError, match="write it as 2025-11-05 or 2025-11-05T08:00:00Z"):
        parse_instant("tomorrow")

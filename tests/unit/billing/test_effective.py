"""How one price table follows another: renewals touch what is to come, retro changes everything (DOMAIN 8.1)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.billing.effective import Change, Effective, closed, compare, splice
from gateway.billing.rating import Rate

NEW_YEAR = date(2026, 1, 1)
FEBRUARY = date(2026, 2, 1)


def rate(amount: str, starts_on: date, ends_on: date | None = None, *, tier: str = "EMP") -> Rate:
    return Rate("GOLD", tier, Decimal(amount), starts_on, ends_on)


OLD = [rate("600.00", date(2025, 1, 1))]
RENEWED = [rate("600.00", date(2025, 1, 1), date(2025, 12, 31)), rate("650.00", NEW_YEAR)]


def said(rows) -> list[tuple[str, str, str]]:
    return [(str(row.amount), str(row.starts_on), str(row.ends_on)) for row in rows]


def test_a_renewal_that_is_loaded_in_time_is_the_new_table():
    assert said(RENEWED) == said(splice(OLD, RENEWED, NEW_YEAR))


def test_a_renewal_that_comes_late_leaves_what_is_billed_and_holds_from_the_first_open_month():
    spliced = splice(OLD, RENEWED, FEBRUARY)
    assert [("600.00", "2025-01-01", "2026-01-31"), ("650.00", "2026-02-01", "None")] == said(spliced)


def test_a_renewal_that_is_flagged_retro_holds_from_its_own_first_day():
    assert said(RENEWED) == said(splice(OLD, RENEWED, None))


def test_a_price_that_is_corrected_for_the_past_changes_the_future_only_unless_it_is_retro():
    corrected = [rate("610.00", date(2025, 1, 1))]
    assert [("600.00", "2025-01-01", "2026-01-31"), ("610.00", "2026-02-01", "None")] == said(
        splice(OLD, corrected, FEBRUARY)
    )
    assert [("610.00", "2025-01-01", "None")] == said(splice(OLD, corrected, None))


def test_a_price_that_is_left_out_ends_where_the_new_table_begins():
    family = rate("1450.00", date(2025, 1, 1), tier="FAM")
    assert [("600.00", "2025-01-01", "None"), ("1450.00", "2025-01-01", "2026-01-31")] == said(
        splice([*OLD, family], OLD, FEBRUARY)
    )


def test_the_same_table_again_changes_nothing():
    for day in (None, date(2025, 6, 15), NEW_YEAR, FEBRUARY):
        assert closed(RENEWED) == splice(RENEWED, RENEWED, day)


def test_an_open_row_is_closed_by_the_next_one():
    rows = [rate("600.00", date(2025, 1, 1)), rate("650.00", NEW_YEAR)]
    assert said(RENEWED) == said(closed(rows))


def test_rows_are_told_as_added_changed_or_ended():
    before = [rate("600.00", date(2025, 1, 1)), rate("1240.00", date(2025, 1, 1), tier="ESP")]
    after = [*RENEWED, rate("1250.00", date(2025, 1, 1), tier="ESP")]
    assert [
        (Change.ENDED, "EMP", "2025-01-01"), (Change.ADDED, "EMP", "2026-01-01"), (Change.CHANGED, "ESP", "2025-01-01"),
    ] == [
        (each.change, each.row.tier, str(each.row.starts_on)) for each in compare(before, after)
    ]  # fmt: skip
    assert [Change.ENDED] == [each.change for each in compare(before[1:], [])]
    assert [Change.CHANGED] == [each.change for each in compare(RENEWED[:1], OLD)]


days = st.integers(0, 500).map(lambda number: date(2025, 1, 1) + timedelta(number))


@st.composite
def tables(draw):
    """Rows of two tiers that follow each other, some with an end of their own."""
    rows = []
    for tier in ("EMP", "FAM"):
        starts = sorted(draw(st.lists(days, max_size=4, unique=True)))
        for start, following in zip(starts, [*starts, None][1:], strict=True):
            latest = following - timedelta(1) if following else start + timedelta(90)
            ends_on = draw(st.none() | st.dates(start, latest))
            rows.append(rate(str(draw(st.integers(1, 4))), start, ends_on, tier=tier))
    return rows


@settings(deadline=None, max_examples=200, database=None)
@given(before=tables(), after=tables(), takes_effect_on=days, day=days, tier=st.sampled_from(["EMP", "FAM"]))
def test_every_day_before_it_takes_effect_is_priced_as_before_and_every_day_after_as_loaded(
    before, after, takes_effect_on, day, tier
):
    def price(rows):
        found = Effective(rows).on(("GOLD", tier), day)
        return found and found.amount

    expected = price(before if day < takes_effect_on else after)
    assert expected == price(splice(before, after, takes_effect_on))


@settings(deadline=None, max_examples=100, database=None)
@given(before=tables(), after=tables(), takes_effect_on=st.none() | days)
def test_a_change_done_twice_changes_nothing(before, after, takes_effect_on):
    once = splice(before, after, takes_effect_on)
    assert once == splice(once, after, takes_effect_on)


@pytest.mark.parametrize(("day", "amount"), [(date(2025, 12, 31), "600.00"), (NEW_YEAR, "650.00")])
def test_the_row_in_force_is_found_by_key_and_day(day, amount):
    assert Decimal(amount) == Effective(RENEWED).on(("GOLD", "EMP"), day).amount
    assert None is Effective(RENEWED).on(("GOLD", "FAM"), day)

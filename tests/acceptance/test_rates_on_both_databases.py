"""A price table that two people change, on the embedded database and on PostgreSQL (HF-24, HF-22)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.demo.scenario import sample
from gateway.errors import NotAllowed
from gateway.pipeline.account_rates import account_rates
from gateway.pipeline.rate_change import approve, changes_of, preview, reject, stage
from gateway.settings import packaged_partners
from tests.acceptance.test_both_databases import app, bill, ingest

__all__ = ["app", "ingest"]

RATES = (packaged_partners() / "acme" / "rates.csv").read_bytes()
DEARER = RATES.replace(b"GOLD,EMP,620.00", b"GOLD,EMP,630.00")
EXCHANGED = RATES.replace(b"GOLD,EMP,620.00", b"GOLD,EMP,1450.00").replace(b"GOLD,FAM,1450.00", b"GOLD,FAM,620.00")


@pytest.fixture
def billed(app, ingest):
    """Three members of acme, billed for November 2025: EMP 620.00, ESP 1,240.00, FAM 1,450.00."""
    ingest(sample("acme_enroll.834"), "acme")
    assert Decimal("3310.00") == bill(app, date(2025, 10, 23))["G001234"].total
    return app


def load(app, content, by="Jo Doe", **more):
    return stage(app.plant, "acme", content, name="rates.csv", by=by, **more)


def test_a_table_is_staged_shown_approved_by_another_and_billed_with(billed):
    staged = load(billed, DEARER)
    assert (True, date(2025, 12, 1)) == (staged.is_new, staged.change.takes_effect_on)
    assert not load(billed, DEARER).is_new
    with pytest.raises(NotAllowed, match="JO DOE loaded rate change"):
        approve(billed.plant, staged.change.id, by="JO DOE")
    (effect,) = preview(billed.plant, staged.change.id).effects
    assert ("2025-12", 1, 1, Decimal("10.00")) == (
        str(effect.month), effect.memberships, effect.members, effect.change,
    )  # fmt: skip
    assert approve(billed.plant, staged.change.id, by="Al Roe").is_new
    assert not approve(billed.plant, staged.change.id, by="Al Roe").is_new
    billed.plant.clock.instant = datetime(2025, 11, 12, 9, tzinfo=UTC)
    assert Decimal("3320.00") == bill(billed, date(2025, 11, 12))["G001234"].total
    shown = {each.key: each for each in account_rates(billed.plant, "G001234").prices["rates"]}["GOLD", "EMP"]
    assert [("620.00", "2025-01-01"), ("630.00", "2025-12-01")] == [
        (str(row.amount), str(row.starts_on)) for row in (shown.now, shown.then)
    ]


def test_a_retro_table_adjusts_the_bill_it_corrects_once(billed):
    staged = load(billed, DEARER, is_retro=True)
    approve(billed.plant, staged.change.id, by="Al Roe")
    first = billed.queries.account("G001234").balance
    bill(billed, date(2025, 11, 12))
    bill(billed, date(2025, 11, 12))
    assert first + Decimal("10.00") + Decimal("3320.00") == billed.queries.account("G001234").balance


def test_a_wrong_tier_upload_is_caught_and_rejected(billed):
    staged = load(billed, EXCHANGED)
    with pytest.raises(NotAllowed, match="are the two exchanged"):
        approve(billed.plant, staged.change.id, by="Al Roe")
    assert reject(billed.plant, staged.change.id, by="Al Roe", reason="tiers exchanged").is_new
    assert not reject(billed.plant, staged.change.id, by="Al Roe", reason="tiers exchanged").is_new
    assert ["rejected"] == [change.state for change in changes_of(billed.plant, "acme")]


def test_another_load_takes_the_place_of_the_one_that_waits(billed):
    first = load(billed, DEARER).change
    second = load(billed, EXCHANGED)
    assert first.id == second.replaced
    assert {first.id: "replaced", second.change.id: "staged"} == {
        change.id: change.state for change in changes_of(billed.plant)
    }

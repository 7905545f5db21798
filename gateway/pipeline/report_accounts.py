"""Where accounts stand, and how their bills and payments move (HN-11 to HN-13, HF-02, HF-04, HF-21)."""

from gateway.domain.period import CoverageMonth
from gateway.feeds.report import Cell, Column, Kind
from gateway.pipeline.delinquency import look, settlements
from gateway.pipeline.report_kit import Kit, ReportKind, Rows, amounts, days, numbers, text
from gateway.pipeline.review_payments import by_month, flags
from gateway.remittance.aging import bucket_of
from gateway.remittance.dunning import next_planned
from gateway.remittance.recommendation import recommend

_MONTHS = 12


def _delinquency(kit: Kit) -> Rows:
    """Yield every account that was ever billed, as the journal has it now: nothing is cached."""
    for history in kit.reader.histories():
        if not history.invoices:
            continue
        seen = look(kit.plant, history, settlements(kit.reader.months(history.account_id)), kit.as_of)
        found = seen.found
        planned = next_planned(history, found, kit.plant.work_days)
        advice = recommend(history, found)
        cells: tuple[Cell, ...] = (
            *(history.account_id, history.partner_id, found.state.value, found.alert),
            found.days_past_due,
            bucket_of(found.oldest_due_on, kit.as_of).value if found.oldest_due_on else "",
            *(found.started_on, found.grace_ends_on, seen.paid_through),
            *((planned.kind.value, planned.on) if planned else ("", None)),
            *(advice.step, advice.because),
            *(found.past_due, found.disputed, found.asked_for),
        )
        yield cells


def _trend(kit: Kit) -> Rows:
    """Yield the last twelve months of every account with what the review flags in them."""
    for history in kit.reader.histories():
        figures = kit.reader.figures(history.account_id)
        flagged: dict[CoverageMonth, list[str]] = {}
        for month, flag in flags(figures, kit.plant.policies.trend, kit.as_of):
            flagged.setdefault(month, []).append(flag.kind)
        for month, each in list(by_month(figures).items())[-_MONTHS:]:
            kinds = ", ".join(flagged.get(month, ()))
            yield (
                history.account_id,
                str(month),
                each.lives,
                each.average_rate,
                kinds,
                each.premium,
                each.due,
                each.paid,
            )


def _trend_columns() -> tuple[Column, ...]:
    moving = (*numbers("lives"), Column("premium_per_life", Kind.NUMBER), *text("flags"))
    return (*text("account_id", "month"), *moving, *amounts("premium", "due", "paid"))


DELINQUENCY = ReportKind(
    "where every account stands: state, grace, paid-through, next notice, recommended step",
    lambda _by: (
        *text("account_id", "partner_id", "state", "alert"),
        *numbers("days_past_due"),
        *text("bucket"),
        *days("in_arrears_since", "grace_ends_on", "paid_through"),
        *text("next_step"),
        *days("next_on"),
        *text("recommended", "because"),
        *amounts("past_due", "disputed", "asked_for"),
    ),
    _delinquency,
)
TREND = ReportKind(
    "bills and payments of the last twelve months, with what the daily review flags",
    lambda _by: _trend_columns(),
    _trend,
)

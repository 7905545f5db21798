"""The reports of finance and operations, as of any day: the list of them."""

from collections.abc import Mapping

from gateway.feeds.report import Report
from gateway.pipeline.plant import Plant
from gateway.pipeline.report_accounts import DELINQUENCY, TREND
from gateway.pipeline.report_aging import AGING
from gateway.pipeline.report_kit import By, Kit, ReportKind
from gateway.pipeline.report_money import CASH, PAID_VS_BILLED, SUSPENSE, UNMATCHED, VARIANCES
from gateway.ports.collection import ReportReader

REPORTS: Mapping[str, ReportKind] = {
    "aging": AGING,
    "suspense": SUSPENSE,
    "paid-vs-billed": PAID_VS_BILLED,
    "variances": VARIANCES,
    "delinquency": DELINQUENCY,
    "trend": TREND,
    "unmatched": UNMATCHED,
    "cash": CASH,
}


def report(plant: Plant, reader: ReportReader, name: str, by: str = "") -> Report:
    """Return a report, whose rows are read from `reader` as they are written; `name` and `by` are of `REPORTS`."""
    kind = REPORTS[name]
    chosen = By(by) if by else kind.by[0]
    return Report(name, reader.as_of, kind.columns(chosen), kind.rows(Kit(plant, reader, chosen)))

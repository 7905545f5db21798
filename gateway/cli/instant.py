"""Dates and instants as options take them."""

from datetime import datetime

import click

from gateway.configuration.fields import parse_instant
from gateway.domain.period import CoverageMonth


class Instant(click.ParamType[datetime]):
    """A date (its first moment) or an instant in ISO 8601; without a zone it is UTC, as in `[clock]`."""

    name = "DATE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the instant that the text names, in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(str(value))
        except ValueError as error:
            self.fail(f"{value}: {error}", param, ctx)


class Month(click.ParamType[CoverageMonth]):
    """A month as `2025-12`."""

    name = "MONTH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> CoverageMonth:
        """Return the month that the text names."""
        if isinstance(value, CoverageMonth):
            return value
        try:
            return CoverageMonth.parse(str(value))
        except ValueError:
            self.fail(f"{value}: write a month as 2025-12", param, ctx)

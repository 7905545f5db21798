"""Dates and instants as options take them."""

from datetime import UTC, date, datetime

import click


class Instant(click.ParamType[datetime]):
    """A date or an instant in ISO 8601; without a zone it is UTC, a date is its noon."""

    name = "DATE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the instant that the text names, in UTC."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            if len(text) == len("2025-11-05"):
                day = date.fromisoformat(text)
                return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            instant = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no date; write it as 2025-11-05 or 2025-11-05T14:30:00Z", param, ctx)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)

"""The command `gateway`: parse, call one function, print.

Data goes to stdout, logs to stderr. Exit codes are a contract: 0 done and clean; 1 the data has findings or
something was refused; 2 usage or configuration; 3 our work failed.
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click

from gateway import __version__, logs
from gateway.cli.context import Context
from gateway.cli.db import db_group
from gateway.cli.demo import demo_command
from gateway.cli.home import check_command, init_command
from gateway.cli.log import log_command
from gateway.cli.show import show_group
from gateway.cli.validate import guides_command, validate_command
from gateway.cli.work import bill_command, ingest_command, poll_command, run_command, work_command
from gateway.errors import ConfigurationError, GatewayError, NotFound

USAGE = 2
FAILED = 3


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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="GATEWAY_HOME",
    help="The gateway home. Default: the nearest folder upwards with a gateway.toml.",
)
@click.option(
    "--as-of",
    type=Instant(),
    envvar="GATEWAY_CLOCK",
    help="Let the clock stand at this date or instant (UTC), for tests, demos and reruns.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default=None,
    help="Default: gateway.toml's.",
)
@click.option("--log-json", is_flag=True, help="Write logs as JSON, one object a line.")
@click.version_option(__version__, prog_name="gateway")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, as_of: datetime | None, log_level: str | None, log_json: bool) -> None:
    """Premium billing by EDI: 834 and 820 in by SFTP, acknowledgements and invoice feeds out.

    Start with `gateway demo`, which shows the whole trip, or `gateway init DIR`, which makes a home of your own.
    """
    ctx.obj = Context(home, as_of, log_level)
    logs.configure(level=log_level or "warning", as_json=log_json)


for command in (
    init_command,
    check_command,
    demo_command,
    run_command,
    poll_command,
    work_command,
    ingest_command,
    bill_command,
    validate_command,
    guides_command,
    log_command,
    show_group,
    db_group,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line and end the process with its exit code; an error is one line and a hint."""
    try:
        code = cli.main(prog_name="gateway", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except GatewayError as error:
        click.echo(f"error: {error}", err=True)
        if error.hint:
            click.echo(f"hint: {error.hint}", err=True)
        sys.exit(USAGE if isinstance(error, ConfigurationError | NotFound) else FAILED)
    sys.exit(code if isinstance(code, int) else 0)

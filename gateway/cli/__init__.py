"""The command `gateway`: parse, call one function, print.

Data goes to stdout, logs to stderr. Exit codes are a contract: 0 done and clean; 1 the data has findings or
something was refused; 2 usage or configuration; 3 our work failed.
"""

import sys
from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from pathlib import Path

import click

from gateway import __version__, logs
from gateway.cli.context import Context
from gateway.cli.instant import Instant
from gateway.errors import ConfigurationError, GatewayError, NotAllowed, NotFound, SchemaOutdated

REFUSED = 1
USAGE = 2
FAILED = 3


COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("home:init_command", "Make a fresh gateway home."),
    "check": ("home:check_command", "Name every configuration mistake at once."),
    "demo": ("demo:demo_command", "Show the whole trip with simulated partners."),
    "run": ("work:run_command", "Run as a daemon, until SIGTERM."),
    "poll": ("work:poll_command", "Look into the partners' folders once."),
    "work": ("work:work_command", "Do the work that is due."),
    "ingest": ("work:ingest_command", "Take a local file through the same stations."),
    "bill": ("bill:bill_command", "Make the bill run of a day; list and release held accounts."),
    "request": ("request:request_group", "Order bills out of cycle, approve and follow them."),
    "cycle": ("cycle:cycle_group", "List bill cycles and extend them."),
    "collect": ("collect:collect_command", "Look at what is late and review payments, as of a day."),
    "case": ("case:case_group", "Work on what a person must settle: list, assign, close."),
    "report": ("report:report_command", "Write aging, cash, suspense and other reports as of a day."),
    "worklist": ("worklist:worklist_command", "List what waits to be put right, with the fix."),
    "release": ("review:release_command", "Apply a held set, or preview what that does."),
    "refuse": ("review:refuse_command", "End a held set without effect."),
    "resend": ("work:resend_command", "Deliver a document that was given up."),
    "rates": ("rates:rates_group", "Change price files by two people, and show what is in force."),
    "suspense": ("suspense:suspense_group", "Work money that has no place: apply, move, refund."),
    "refund": ("refund:refund_group", "Give money back: ask, approve, pay out."),
    "payment": ("refund:payment_group", "Find money without its remittance; take back what the bank returned."),
    "journal": ("journal:journal_group", "Prove the journal."),
    "validate": ("validate:validate_command", "Check a file: findings and acknowledgements, no home needed."),
    "guides": ("validate:guides_command", "List the X12 guides that are known."),
    "prove": ("prove:prove_command", "Prove issued bills and the journal again."),
    "log": ("log:log_command", "List the files with what became of them."),
    "partner": ("partner:partner_group", "Take a partner on, try its server, plan and apply changes."),
    "mailbox": ("mailbox:mailbox_group", "Give a partner a mailbox on our own SFTP server."),
    "show": ("show:show_group", "Show one thing with its whole story."),
    "archive": ("archive:archive_group", "Look after the encryption of kept bytes."),
    "db": ("db:db_group", "Look after the database."),
}
"""Every command: where it lives below gateway/cli, and its line in the help. Imported when it is called, so that
`gateway validate` does not wait for the database, nor `gateway log` for the demo."""


class Commands(click.Group):
    """The commands of `COMMANDS`, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, or None for a name there is not."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(f"gateway.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their lines, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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
    ctx.obj = Context(home, as_of, log_level, log_json)
    logs.configure(level=log_level or "warning", as_json=log_json)


def _exit_code(error: GatewayError) -> int:
    """Return the exit code that an error of ours ends the process with."""
    if isinstance(error, NotAllowed):
        return REFUSED
    return USAGE if isinstance(error, ConfigurationError | NotFound | SchemaOutdated) else FAILED


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
        sys.exit(_exit_code(error))
    except Exception as error:
        # A foreign error's text may quote what it choked on, a person included: its class and place must do.
        logs.get_logger().error("the command failed", exc_info=error)
        click.echo(f"error: the gateway itself failed ({type(error).__name__}); nothing half-done was kept", err=True)
        click.echo("hint: report the line above; it names the places, never the data", err=True)
        sys.exit(FAILED)
    sys.exit(code if isinstance(code, int) else 0)

"""`gateway demo`: the main job with simulated partners, and a summary of what became of everything."""

from pathlib import Path

import click
from rich.console import Console

from gateway.cli.summary import print_summary
from gateway.demo.scenario import run_demo


@click.command("demo")
@click.argument("folder", required=False, default="demo-home", type=click.Path(path_type=Path, file_okay=False))
def demo_command(folder: Path) -> None:
    """Show the whole trip in under a minute, with simulated partners on a loopback SFTP server.

    The gateway works in FOLDER (default: demo-home), a home of its own that stays for looking around. A second run
    drops the same files again, and nothing is done twice.
    """
    console = Console(stderr=True, highlight=False)

    def say(text: str) -> None:
        console.print(text, style="bold" if text[0].isdigit() else None, markup=False)

    with console.status("the partners and the gateway are at work"):
        app = run_demo(folder, say)
    print_summary(app, folder)

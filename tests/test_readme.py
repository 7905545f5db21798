"""The README keeps its word: its commands exist, its files are there, its exit codes are what a process ends with."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.cli import COMMANDS, cli
from gateway.pipeline.route import ROUTE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TABLED = re.findall(r"^\| `gateway (?P<command>[a-z]+)", README, re.MULTILINE)


def help_of(*words):
    done = CliRunner().invoke(cli, [*words, "--help"], prog_name="gateway")
    assert 0 == done.exit_code, done.output
    return done.output


def test_the_table_of_commands_names_each_command_once_and_none_that_is_gone():
    assert sorted(COMMANDS) == sorted(TABLED)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    text = help_of(name)
    assert f"Usage: gateway {name}" in text
    assert len(text.splitlines()) > 4


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_has_its_sentence(name):
    context = click.Context(cli)
    command = cli.get_command(context, name)
    commands = command.commands.values() if isinstance(command, click.Group) else [command]
    silent = [
        option.name
        for each in commands
        for option in each.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert [] == silent


@pytest.mark.parametrize("option", sorted(set(re.findall(r"--[a-z][a-z-]+", README))))
def test_every_option_the_readme_names_exists(option):
    shown = "".join(help_of("show", what) for what in ("member", "invoice"))
    known = help_of() + "".join(help_of(name) for name in COMMANDS) + shown + help_of("db", "upgrade")
    assert option in known


@pytest.mark.parametrize("word", ["run", "test", "check", "bench"])
def test_dev_py_and_the_makefile_know_the_same_words(word):
    assert f"python3 dev.py {word}" in (ROOT / "dev.py").read_text()
    assert word in (ROOT / "Makefile").read_text()
    if word in {"run", "test"}:
        assert f"python3 dev.py {word}" in README


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_file_the_readme_links_to_is_there(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("station", ["poll", "check", "acknowledge", "invoice", "feed", "deliver", "watch"])
def test_every_station_of_the_picture_is_on_the_route(station):
    assert station in README
    assert station in ROUTE


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (0, ["validate", "gateway/demo/samples/acme_enroll.834"]),
        (1, ["validate", "gateway/demo/samples/not_x12.txt"]),
        (2, ["validate", "no-such-file"]),
        (2, ["--home", "no-such-home", "log"]),
        (2, ["poll", "--unknown-option"]),
        (0, ["--home", ".", "check"]),
    ],
)
def test_exit_codes_are_a_contract(expected, words):
    done = subprocess.run([sys.executable, "-m", "gateway", *words], cwd=ROOT, capture_output=True, check=False)
    assert expected == done.returncode, done.stderr


def test_the_root_of_the_repository_is_itself_a_working_home():
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def test_data_goes_to_stdout_and_an_error_is_one_line_with_a_hint_on_stderr(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "log"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (2, "") == (done.returncode, done.stdout)
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")

"""Whole trips through one home with real parts, looked at from the command line."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from gateway.bootstrap import App
from gateway.cli import cli
from gateway.cli.context import Context
from gateway.ports.clock import Clock
from tests.unit.pipeline.house import House, _template, house, make_house

__all__ = ["_template", "house", "make_house"]

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@dataclass
class Opened:
    """What the commands ask their context for: the gateway of a house."""

    house: House

    @property
    def clock(self) -> Clock:
        return self.house.clock

    def app(self) -> App:
        return self.house.app


@pytest.fixture
def gateway(house: House) -> Callable[..., Result]:
    """Calls a command as a person types it; errors of ours are raised."""

    def call(*words: str) -> Result:
        command = cli.get_command(Context(None, None, None, False), words[0])
        return CliRunner().invoke(command, words[1:], obj=Opened(house), catch_exceptions=False)

    return call


@pytest.fixture
def valid() -> Callable[[str, Result], dict]:
    """The JSON that a command printed, held against its schema."""

    def check(schema: str, done: Result) -> dict:
        document = json.loads(done.stdout)
        rules = json.loads((SCHEMAS / f"{schema}.schema.json").read_text())
        jsonschema.validate(document, rules, cls=jsonschema.Draft202012Validator)
        return document

    return check

"""`gateway init` makes a home that `gateway check` is content with; `gateway check` names every mistake."""

import json
import stat
import tomllib
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from gateway.cli import cli
from gateway.cli.home import make_home
from gateway.errors import ConfigurationError
from gateway.settings import setting_keys

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "check.schema.json").read_text())


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], env={"GATEWAY_HOME": None, "GATEWAY_CLOCK": None})


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_home(tmp_path / "home")
    return tmp_path / "home"


def test_a_fresh_home_passes_the_check(home):
    result = run("--home", home, "check")
    assert (0, f"no mistake in {home}; read: settings, partners 1 (active 0), accounts 1, rates 8") == (
        result.exit_code,
        result.stdout.partition(", mappings")[0],
    )


def test_the_repository_is_a_home_that_passes_the_check():
    assert 0 == run("--home", ROOT, "check").exit_code


def test_a_fresh_home_has_the_places_of_a_home(home):
    assert {"gateway.toml", ".gitignore", "inbound", "mappings", "outbound", "partners", "secrets"} == {
        path.name for path in home.iterdir()
    }
    assert {"README.md", "birch"} == {path.name for path in (home / "partners").iterdir()}
    assert ["README.md"] == [path.name for path in (home / "inbound").iterdir()]
    assert {path.name for path in (ROOT / "mappings").iterdir()} == {
        path.name for path in (home / "mappings").iterdir()
    }


def test_nobody_else_may_read_the_secrets_of_a_fresh_home(home):
    assert 0o700 == stat.S_IMODE((home / "secrets").stat().st_mode)
    assert "/secrets/" in (home / ".gitignore").read_text().splitlines()


def test_the_settings_of_a_fresh_home_are_known_ones_and_its_partner_is_not_active(home):
    written = tomllib.loads((home / "gateway.toml").read_text())
    keys = {f"{name}.{key}" for name, table in written.items() if isinstance(table, dict) for key in table}
    assert keys <= set(setting_keys())
    assert "onboarding" == tomllib.loads((home / "partners/birch/profile.toml").read_text())["status"]


def test_init_says_what_to_do_next(tmp_path):
    result = run("init", tmp_path / "new")
    assert 0 == result.exit_code
    assert f"gateway --home {tmp_path / 'new'} check" in result.stdout


def test_init_leaves_what_is_no_part_of_a_home_alone(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("mine\n")
    make_home(tmp_path)
    assert "mine\n" == (tmp_path / ".gitignore").read_text()


@pytest.mark.parametrize("part", ["gateway.toml", "partners", "secrets"])
def test_init_refuses_a_folder_that_holds_part_of_a_home_and_changes_nothing(tmp_path, part):
    (tmp_path / part).mkdir()
    result = run("init", tmp_path)
    assert isinstance(result.exception, ConfigurationError)
    assert f"{tmp_path} already holds {part}" == str(result.exception)
    assert [part] == [path.name for path in tmp_path.iterdir()]


def test_a_second_init_is_refused(home):
    assert isinstance(run("init", home).exception, ConfigurationError)


def spoil(home: Path) -> None:
    """Make one mistake in each kind of file."""
    change(home / "gateway.toml", "threads = 2", "threads = 0")
    change(home / "partners/birch/profile.toml", "port = 2022", 'port = "2022"')
    change(home / "partners/birch/rates.csv", "540.00", "free")
    change(home / "mappings/calendars/us-federal.toml", "# 2025-11-28", "2025-11-31")
    change(home / "mappings/005010X220A1.toml", 'guide = "005010X220A1"', 'guide = "005010X220A2"')
    change(home / "mappings/guides/TA1.xml", "</transaction>", "</transition>")


SPOILED = [
    ("gateway.toml", "work.threads"),
    ("mappings/005010X220A1.toml", "guide"),
    ("mappings/calendars/us-federal.toml", "holidays"),
    ("mappings/guides/TA1.xml", ""),
    ("partners/birch/profile.toml", "sftp.port"),
    ("partners/birch/rates.csv", "line 2, amount"),
]


def test_every_mistake_of_every_file_is_in_the_table(home):
    spoil(home)
    result = run("--home", home, "check")
    lines = result.stdout.splitlines()
    assert 2 == result.exit_code
    assert ["file", "key", "problem", "remedy"] == lines[0].split()
    assert [file for file, _ in SPOILED] == [line.split()[0] for line in lines[1:-1]]
    assert "6 mistakes" == lines[-1]


def test_the_json_of_the_check_keeps_its_schema_with_and_without_mistakes(home):
    clean = json.loads(run("--home", home, "check", "--json").stdout)
    spoil(home)
    spoiled = json.loads(run("--home", home, "check", "--json").stdout)
    for found in (clean, spoiled):
        jsonschema.validate(found, SCHEMA)
    assert [] == clean["mistakes"]
    assert SPOILED == [(mistake["file"], mistake["key"]) for mistake in spoiled["mistakes"]]


def test_brackets_in_a_mistake_are_printed_as_they_are(home):
    change(home / "partners/birch/profile.toml", "day = 20", "day = 40")
    assert "expects[1].day" in run("--home", home, "check").stdout


def test_a_place_that_a_partner_gives_a_field_is_checked_too(home):
    change(
        home / "partners/birch/profile.toml",
        "[enrollment]",
        '[enrollment.places.member]\nreason = "INS04"\n\n[enrollment]',
    )
    mistakes = json.loads(run("--home", home, "check", "--json").stdout)["mistakes"]
    assert [("partners/birch/profile.toml", "enrollment.places.member.reason")] == [
        (mistake["file"], mistake["key"]) for mistake in mistakes
    ]


def test_a_home_without_mappings_is_told_where_to_get_them(home):
    for mapping in (home / "mappings").glob("*.toml"):
        mapping.unlink()
    mistakes = json.loads(run("--home", home, "check", "--json").stdout)["mistakes"]
    assert [("mappings", "there is no mapping")] == [(mistake["file"], mistake["problem"]) for mistake in mistakes]


def test_a_folder_that_is_no_home_cannot_be_checked(tmp_path):
    assert isinstance(run("--home", tmp_path, "check").exception, ConfigurationError)

"""Settings: the environment over the file over the defaults; homes and where they are found."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.settings import (
    Home,
    Settings,
    find_home,
    load_settings,
    packaged_mappings,
    packaged_partners,
    setting_keys,
    variable_for,
)

WHO = '[identity]\nid = "INSURER"\nname = "THE INSURER"\n'


def load(home: Path, text: str, **environ: str):
    """Return the settings of a home with this gateway.toml, and the mistakes as (file, key, problem, remedy)."""
    (home / "gateway.toml").write_text(text)
    settings, mistakes = load_settings(home, environ)
    return settings, [(each.file, each.key, each.problem, each.remedy) for each in mistakes]


def test_what_is_not_written_has_its_default(tmp_path):
    settings, mistakes = load(tmp_path, WHO)
    assert [] == mistakes
    assert ("sqlite:///gateway.db", 2, 3, "info") == (
        settings.database_url,
        settings.work.threads,
        settings.work.tries_before_quarantine,
        settings.logging.level,
    )


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path):
    text = 'database_url = "sqlite:///file.db"\n' + WHO + "[work]\nthreads = 4\ntries_before_quarantine = 5\n"
    settings, mistakes = load(
        tmp_path,
        text,
        GATEWAY_DATABASE_URL="postgresql://me:secret@db/gateway",
        GATEWAY_WORK__THREADS="8",
        GATEWAY_LOGGING__AS_JSON="True",
        GATEWAY_IDENTITY__TAX_ID="987654321",
        GATEWAY_CLOCK__BUSINESS_DATE="2025-11-04",
    )
    assert [] == mistakes
    assert ("postgresql://me:secret@db/gateway", 8, 5, True, "987654321", date(2025, 11, 4)) == (
        settings.database_url,
        settings.work.threads,
        settings.work.tries_before_quarantine,
        settings.logging.as_json,
        settings.identity.tax_id,
        settings.clock.business_date,
    )


@pytest.mark.parametrize("key", setting_keys())
def test_every_setting_has_a_variable(tmp_path, key):
    usual, _ = load(tmp_path, WHO)
    settings, mistakes = load(tmp_path, WHO, **{variable_for(key): "11"})
    assert usual != settings or [("environment", variable_for(key))] == [mistake[:2] for mistake in mistakes]


@pytest.mark.parametrize(
    ("variable", "value", "problem", "remedy"),
    [
        ("GATEWAY_WORK__THREADS", "many", "it is text, which does not fit", "write: whole number"),
        ("GATEWAY_WORK__THREADS", "0", "0 is too small", "1 or more"),
        ("GATEWAY_LOGGING__AS_JSON", "perhaps", "it is text, which does not fit", "write: true or false"),
        ("GATEWAY_LOGGING__LEVEL", "inof", "`inof` is not one of the choices", "did you mean `info`?"),
        (
            "GATEWAY_CLOCK",
            "noon",
            "this is no instant",
            "write it as 2025-11-05 or 2025-11-05T08:00:00Z",
        ),
        ("GATEWAY_WORK__THREAD", "2", "there is no such setting", "did you mean `GATEWAY_WORK__THREADS`?"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path, variable, value, problem, remedy):
    _, mistakes = load(tmp_path, WHO, **{variable: value})
    assert [("environment", variable, problem, remedy)] == mistakes


def test_variables_that_are_not_settings_are_left_alone(tmp_path):
    _, mistakes = load(tmp_path, WHO, GATEWAY_HOME="/x", GATEWAY_ELM_PASSWORD="planted", HOME="/root")
    assert [] == mistakes


@pytest.mark.parametrize(
    ("variables", "instant"),
    [
        ({"GATEWAY_CLOCK": "2025-11-05"}, datetime(2025, 11, 5, tzinfo=UTC)),
        ({"GATEWAY_CLOCK__INSTANT": "2025-11-05T08:00:00-05:00"}, datetime(2025, 11, 5, 13, tzinfo=UTC)),
    ],
)
def test_the_clock_may_be_set_from_the_environment(tmp_path, variables, instant):
    settings, mistakes = load(tmp_path, WHO, **variables)
    assert ([], instant) == (mistakes, settings.clock.instant)


def test_an_instant_in_the_file_may_be_a_toml_date_and_time(tmp_path):
    settings, mistakes = load(tmp_path, WHO + "[clock]\ninstant = 2025-11-05T08:00:00Z\n")
    assert ([], datetime(2025, 11, 5, 8, tzinfo=UTC)) == (mistakes, settings.clock.instant)


def test_all_mistakes_of_file_and_environment_come_at_once_and_the_rest_can_be_used(tmp_path):
    settings, mistakes = load(
        tmp_path,
        'databse_url = "sqlite:///x.db"\n' + WHO + '[limits]\nsegment_bytes = 5\n[logging]\nlevel = "debug"\n',
        GATEWAY_WORK__THREADS="many",
    )
    assert [
        ("environment", "GATEWAY_WORK__THREADS", "it is text, which does not fit", "write: whole number"),
        ("gateway.toml", "databse_url", "there is no such setting", "did you mean `database_url`?"),
        ("gateway.toml", "limits.segment_bytes", "5 is too small", "106 or more"),
    ] == sorted(mistakes)
    assert ("INSURER", "debug", 2) == (settings.identity.id, settings.logging.level, settings.work.threads)


def test_who_we_are_must_be_written(tmp_path):
    assert [
        ("gateway.toml", "identity.id", "it is missing", "write it: our ISA06, up to 15 characters"),
        ("gateway.toml", "identity.name", "it is missing", "write it: our name as partners know it"),
    ] == load(tmp_path, "")[1]


@pytest.mark.parametrize("text", ["", "identity = 5\n", '[identity]\nid = "A:B"\n'])
def test_settings_come_back_whatever_is_wrong(tmp_path, text):
    settings, mistakes = load(tmp_path, text)
    assert mistakes
    assert Settings() == settings


def test_a_home_without_its_file_has_one_mistake_and_that_is_it(tmp_path):
    _, mistakes = load_settings(tmp_path, {})
    assert ("gateway.toml", "", "the file is missing") == (mistakes[0].file, mistakes[0].key, mistakes[0].problem)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///gateway.db",
        "sqlite:////var/lib/gateway.db",
        "postgresql://db/gateway",
        "postgresql+psycopg://me@db:5432/gateway",
        "postgresql:///gateway",
    ],
)
def test_a_database_url_is_sqlite_with_a_file_or_postgresql_with_a_database(tmp_path, url):
    settings, mistakes = load(tmp_path, f'database_url = "{url}"\n{WHO}')
    assert ([], url) == (mistakes, settings.database_url)


@pytest.mark.parametrize("url", ["gateway.db", "sqlite://", "sqlite:///", "mysql://db/gateway", "postgresql://db", ""])
def test_another_database_url_is_refused(tmp_path, url):
    _, mistakes = load(tmp_path, f'database_url = "{url}"\n{WHO}')
    assert [("database_url", "this is no database URL that we know")] == [mistake[1:3] for mistake in mistakes]


def test_a_password_never_stands_in_the_file_nor_in_a_message(tmp_path):
    settings, mistakes = load(tmp_path, 'database_url = "postgresql://me:planted@db/gateway"\n' + WHO)
    assert [("database_url", "it holds a password")] == [mistake[1:3] for mistake in mistakes]
    assert "planted" not in f"{mistakes} {settings!r}"


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("sqlite:///gateway.db", "sqlite:////srv/home/gateway.db"),
        ("sqlite:////var/gateway.db", "sqlite:////var/gateway.db"),
        ("postgresql:///gateway", "postgresql:///gateway"),
    ],
)
def test_a_relative_database_file_lies_in_the_home(url, absolute):
    assert absolute == Settings(database_url=url).database_url_in(Path("/srv/home"))


def test_a_home_has_its_places():
    home = Home(Path("/srv/home"))
    assert ["gateway.toml", "mappings", "partners", "inbound", "outbound", "secrets"] == [
        path.name
        for path in (home.settings_file, home.mappings, home.partners, home.inbound, home.outbound, home.secrets)
    ]


@pytest.fixture
def homes(tmp_path, monkeypatch):
    """Make the homes `a` and `b`, and stand in a folder deep inside `b`."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "gateway.toml").write_text(WHO)
    (tmp_path / "b" / "partners" / "acme").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "b" / "partners" / "acme")
    return tmp_path


def test_the_home_is_the_one_named_else_that_of_the_environment_else_the_nearest_upwards(homes):
    assert homes / "a" == find_home(homes / "a", {"GATEWAY_HOME": str(homes / "b")})
    assert homes / "a" == find_home(None, {"GATEWAY_HOME": str(homes / "a")})
    assert homes / "b" == find_home(None, {})
    assert homes / "b" == find_home(None, {"GATEWAY_HOME": ""})


@pytest.mark.parametrize("environ", [{}, {"GATEWAY_HOME": "/nowhere"}])
def test_without_a_home_the_reader_is_told_how_to_make_one(tmp_path, monkeypatch, environ):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        find_home(None, environ)
    assert "gateway init" in caught.value.hint


def test_a_named_folder_that_is_no_home_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"is no gateway home: it has no gateway\.toml"):
        find_home(tmp_path, {})


def test_what_comes_with_the_program_is_there():
    assert (packaged_mappings() / "calendars").is_dir()
    assert (packaged_partners() / "acme" / "profile.toml").is_file()


def test_the_root_of_the_repository_is_a_home_without_mistakes():
    assert [] == load_settings(Path(__file__).parents[2], {})[1]

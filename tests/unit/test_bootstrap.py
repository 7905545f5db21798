"""The wiring place: a home in, a gateway out, or every mistake of the home at once."""

import shutil
from datetime import UTC, date, datetime

import pytest

from gateway.bootstrap import open_app, read_home
from gateway.demo.server import SimulatedPartnersServer, UserLogin
from gateway.errors import ConfigurationError, NotFound, PartnerRefusedLogin, SchemaOutdated
from gateway.jobs.embedded import EmbeddedRunner
from gateway.ports.clock import FixedClock, SystemClock
from gateway.settings import Home, packaged_mappings, packaged_partners
from tests.unit.pipeline.house import SETTINGS
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

NOW = datetime(2025, 10, 23, 9, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    shutil.copytree(packaged_mappings(), home.mappings)
    shutil.copytree(packaged_partners(), home.partners)
    home.settings_file.write_text(SETTINGS)
    return home


@pytest.fixture
def opened(home):
    """Open the home; its database is closed when the test ends."""
    apps = []

    def open_home(clock=None):
        apps.append(open_app(home, clock or FixedClock(NOW)))
        return apps[-1]

    yield open_home
    for app in apps:
        app.database.close()


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# --- what is wrong


def test_the_sample_home_has_no_mistake_and_its_partners_wait_to_be_made_active(home, opened):
    assert () == read_home(home).mistakes
    app = opened()
    assert {"acme", "birch", "cedar", "dunes", "elm"} == set(app.plant.partners)
    assert [] == app.active_partners()


def test_one_partners_broken_profile_is_named_with_file_key_and_remedy(home, opened):
    edit(home.partners / "birch" / "profile.toml", "mass_termination_percent = 30", "mass_termination_percent = 300")
    with pytest.raises(ConfigurationError) as raised:
        opened()
    (line,) = str(raised.value).splitlines()[1:]
    assert line.strip().startswith("partners/birch/profile.toml: enrollment.mass_termination_percent: ")
    assert "100" in line


def test_mistakes_in_several_files_are_named_at_once(home, opened):
    edit(home.settings_file, 'id = "EXAMPLEHEALTH"', 'id = "FAR TOO LONG FOR AN ISA"')
    edit(home.partners / "acme" / "rates.csv", "620.00", "six hundred")
    edit(home.partners / "dunes" / "profile.toml", "premium_is_total_responsibility", "no_such_quirk")
    (home.mappings / "calendars" / "us-federal.toml").write_text("[holidays]\nsomeday = 'one'\n")
    with pytest.raises(ConfigurationError) as raised:
        opened()
    said = str(raised.value)
    for file in (
        "gateway.toml: identity.id",
        "partners/acme/rates.csv",
        "partners/dunes/profile.toml: enrollment.quirks",
        "mappings/calendars/us-federal.toml",
    ):
        assert file in said


def test_a_home_without_the_standards_own_map_is_a_mistake_and_not_a_quarantined_file(home):
    (home.mappings / "005010X220A1.toml").unlink()
    assert any("mappings/005010X220A1.toml" == mistake.file for mistake in read_home(home).mistakes)


def test_a_database_that_is_not_known_is_named(home, opened):
    home.settings_file.write_text(f'database_url = "oracle://somewhere/x"\n{SETTINGS}')
    with pytest.raises(ConfigurationError, match="database_url"):
        opened()


# --- the clock


def test_the_clock_of_the_settings_stands_in_for_the_systems(home, opened):
    home.settings_file.write_text(f"{SETTINGS}\n[clock]\ninstant = 2026-02-01T08:00:00Z\nbusiness_date = 2026-01-31\n")
    clock = opened(SystemClock()).plant.clock
    assert (datetime(2026, 2, 1, 8, tzinfo=UTC), date(2026, 1, 31)) == (clock.now(), clock.business_date())


def test_a_clock_that_the_caller_stopped_wins(home, opened):
    home.settings_file.write_text(f"{SETTINGS}\n[clock]\ninstant = 2026-02-01T08:00:00Z\n")
    assert NOW == opened().plant.clock.now()


def test_without_either_the_systems_clock_goes_on(opened):
    assert isinstance(opened(SystemClock()).plant.clock, SystemClock)


# --- the database


def test_the_embedded_database_of_a_new_home_is_made_by_itself(home, opened):
    opened().prepare()
    assert (home.path / "gateway.db").exists()
    opened().prepare()


def test_a_database_of_another_version_is_left_to_a_person(opened):
    app = opened()
    app.prepare()
    with app.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    with pytest.raises(SchemaOutdated):
        app.prepare()


def test_jobs_run_in_this_process_on_the_embedded_database(opened):
    app = opened()
    assert (False, EmbeddedRunner) == (app.is_distributed, type(app.runner()))


def test_jobs_run_by_procrastinate_on_postgresql(home, opened):
    distributed = pytest.importorskip("gateway.jobs.distributed", reason="procrastinate is not installed")
    home.settings_file.write_text(f'database_url = "postgresql://gateway@127.0.0.1:1/gateway"\n{SETTINGS}')
    app = opened()
    assert (True, distributed.DistributedRunner) == (app.is_distributed, type(app.runner()))


def test_a_daemon_that_is_stopped_before_it_begins_ends_at_once(opened):
    app = opened()
    app.prepare()
    daemon = app.daemon()
    daemon.stop()
    daemon.run()


# --- the partners' servers


@pytest.fixture
def elm(home, opened):
    """The gateway with elm active, and elm's server."""
    server = SimulatedPartnersServer(home.path / "partner", {"elm": UserLogin(password="right")})
    with server:
        for name in ("outbox", "inbox"):
            (server.root / "elm" / name).mkdir(parents=True)
        profile = home.partners / "elm" / "profile.toml"
        edit(profile, "port = 2022", f"port = {server.port}")
        edit(profile, 'status = "onboarding"', 'status = "active"')
        (home.partners / "elm" / "keys").mkdir()
        (home.partners / "elm" / "keys" / "host_key.pub").write_text(server.host_key_line)
        home.secrets.mkdir(mode=0o700)
        secret(home, "right")
        app = opened()
        app.prepare()
        yield app


def secret(home, text):
    file = home.secrets / "elm_password"
    file.write_text(text)
    file.chmod(0o600)


def test_an_active_partner_is_polled_on_its_own_server(elm):
    assert ["elm"] == elm.active_partners()
    assert 0 == elm.poll("elm").seen


def test_a_secret_is_read_for_each_session_so_that_a_rotated_one_is_used_at_once(home, elm):
    secret(home, "wrong")
    with pytest.raises(PartnerRefusedLogin):
        elm.poll("elm")
    secret(home, "right")
    elm.poll("elm")


def test_a_secret_that_is_gone_is_a_mistake_of_ours_that_names_it_and_never_shows_it(home, elm):
    (home.secrets / "elm_password").unlink()
    with pytest.raises(ConfigurationError, match="elm_password"):
        elm.poll("elm")


def test_a_partner_nobody_knows_is_told_with_those_there_are(elm):
    with pytest.raises(NotFound) as raised:
        elm.poll("nobody")
    assert "acme, birch, cedar, dunes, elm" in raised.value.hint


def test_a_partner_without_a_server_hands_its_files_over(home, opened):
    profile = home.partners / "acme" / "profile.toml"
    text = profile.read_text()
    profile.write_text(text[: text.index("[sftp]")] + text[text.index("[pick_up]") :])
    app = opened()
    app.prepare()
    with pytest.raises(NotFound, match="no \\[sftp\\]"):
        app.poll("acme")
    file = home.path / "first.834"
    file.write_bytes(Envelope().around(enrollment(member("A1"), member("A2", plan="PLATINUM"))))
    arrival = app.ingest(file, "acme")
    app.runner().drain()
    assert "acknowledged" == app.file(arrival.file_id).state
    (refused,) = app.refusals(arrival.file_id)
    assert "PLATINUM" in refused
    assert "SAMPLEA2" not in refused

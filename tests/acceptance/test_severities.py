"""How heavy a rule weighs is settable for everybody, for one transaction set, and for one partner."""

import shutil
from datetime import UTC, datetime

import pytest

from gateway.bootstrap import open_app
from gateway.demo.scenario import sample
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings, packaged_partners

IDENTITY = '[identity]\nid = "EXAMPLEHEALTH"\nname = "Example Health Plan"\n'
HIRED_IN_MONTH_13 = sample("acme_enroll.834").replace(b"DTP*336*D8*20251015", b"DTP*336*D8*20251315")


@pytest.mark.parametrize(
    ("settings", "profile", "ack", "state"),
    [
        ("", "", "R", "refused"),
        ('[severities]\n"IK403:8" = "warning"\n', "", "E", "applied"),
        ('[severities]\n"834/IK403:8" = "warning"\n', "", "E", "applied"),
        ('[severities]\n"820/IK403:8" = "warning"\n', "", "R", "refused"),
        ("", 'severities = { "IK403:8" = "warning" }\n', "E", "applied"),
        ('[severities]\n"IK403:8" = "warning"\n', 'severities = { "IK403:8" = "error" }\n', "R", "refused"),
        ("", 'severities = { "IK403:8" = "off" }\n', "A", "applied"),
    ],
)
def test_the_nearest_word_on_a_rule_decides(settings, profile, ack, state, tmp_path):
    home = Home(tmp_path / "home")
    shutil.copytree(packaged_mappings(), home.mappings)
    shutil.copytree(packaged_partners(), home.partners)
    home.settings_file.write_text(IDENTITY + settings)
    acme = home.partners / "acme" / "profile.toml"
    acme.write_text(acme.read_text().replace('report_824 = "errors"\n', 'report_824 = "errors"\n' + profile))
    app = open_app(home, FixedClock(datetime(2025, 10, 23, 9, tzinfo=UTC)))
    app.upgrade()
    path = tmp_path / "file.834"
    path.write_bytes(HIRED_IN_MONTH_13)
    arrival = app.ingest(path, "acme")
    app.runner().drain()
    (line,) = app.queries.timeline(arrival.file_id).sets.items
    assert (ack, state) == (line.ack, line.state)

"""A full file ends who is absent, and nobody else: the guard looks at who was on file before it (DOMAIN 4.6)."""

import re
import shutil
from datetime import UTC, datetime

import pytest

from gateway.bootstrap import open_app
from gateway.demo.scenario import sample
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings, packaged_partners

SETTINGS = '[identity]\nid = "EXAMPLEHEALTH"\nname = "Example Health Plan"\n'
ROSTER = sample("birch_full.834").decode()


@pytest.fixture
def app(tmp_path):
    home = Home(tmp_path / "home")
    shutil.copytree(packaged_mappings(), home.mappings)
    shutil.copytree(packaged_partners(), home.partners)
    home.settings_file.write_text(SETTINGS)
    app = open_app(home, FixedClock(datetime(2025, 10, 23, 9, tzinfo=UTC)))
    app.upgrade()
    return app


@pytest.fixture
def ingest(app, tmp_path):
    def ingest(text):
        path = tmp_path / "file.834"
        path.write_text(text)
        arrival = app.ingest(path, "birch")
        app.runner().drain()
        (line,) = app.queries.timeline(arrival.file_id).sets.items
        return line

    ingest(ROSTER)
    return ingest


def december(members, *, control=502):
    """The full file of December with these INS loops: control numbers, counts and dates set right."""
    head = ROSTER[: ROSTER.index("INS*")]
    head = head.replace("000000501", f"{control:09}").replace("*501*X", f"*{control}*X")
    head = head.replace("BIRCH-FULL-1021", f"BIRCH-{control}").replace("D8*20251101", "D8*20251201")
    head = head.replace("*20251021*0630", "*20251121*0630")
    head = re.sub(r"QTY\*(ET|DT|TO)\*\d+~\n", "", head)
    body = head + "".join(members)
    count = body[body.index("ST*834") :].count("~\n") + 1
    return body + f"SE*{count}*0001~\nGE*1*{control}~\nIEA*1*{control:09}~\n"


def loops():
    """The INS loops of the roster that was applied."""
    text = ROSTER[ROSTER.index("INS*") : ROSTER.index("SE*")]
    return ["INS*" + each for each in text.split("INS*")[1:]]


def stranger(n):
    return (
        f"INS*Y*18*030*XN*A***FT~\nREF*0F*N{n:03}~\nREF*1L*G005678~\nNM1*IL*1*NEWCOMER*N{n}****34*90088{n:04}~\n"
        f"DMG*D8*19800101*F~\nHD*030**PPO*SILVER*EMP~\nDTP*348*D8*20251001~\n"
    )


def active(app):
    return {count.name: count.count for count in app.queries.account("G005678").memberships}


def test_newcomers_in_the_same_file_do_not_hide_how_many_would_be_ended(app, ingest):
    line = ingest(december([stranger(n) for n in range(20)]))
    assert "held" == line.state
    assert "4 of 4 members on file are absent" in line.reason
    assert {"active": 3} == active(app)


def test_a_member_whose_group_is_mistyped_is_refused_and_keeps_its_cover(app, ingest):
    first, *others = loops()
    text = december([first.replace("REF*1L*G005678", "REF*1L*G00567"), *others])
    line = ingest(text.replace("FI*223344556", "FI*999999999"))  # nor does the sponsor's tax id lead to the account
    assert "applied" == line.state
    assert ["UNKNOWN_GROUP"] == [finding.code for finding in line.findings.items if finding.severity == "error"]
    assert {"active": 3} == active(app)


def test_who_is_absent_is_ended_the_day_before_the_file_takes_effect(app, ingest):
    line = ingest(december(loops()[:-1]))
    assert "applied" == line.state
    assert {"active": 2, "terminated": 1} == active(app)


def test_the_same_roster_again_ends_and_changes_nobody(app, ingest):
    line = ingest(december(loops()))
    assert "applied" == line.state
    assert {"active": 3} == active(app)

"""X12 files that nobody on this project wrote, through every station in one home.

The folder comes from GATEWAY_CORPUS and stays outside of the repository. `pytest -s tests/acceptance/test_corpus.py`
prints the table of outcomes.
"""

import os
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.bootstrap import open_app
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings

pytestmark = pytest.mark.corpus

SETTINGS = """
[identity]
id = "EXAMPLEHEALTH"
name = "Example Health Plan"
"""
# Anybody may send, and every subscriber has an account of its own: so that good files are really applied.
PROFILE = """
id = "anybody"
name = "ANYBODY"
role = "exchange"

[x12]
id = "*"
our_ids = ["*"]
usage = "both"
"""
BILLING = """
individual_accounts = true

[accounts.individual]
line_of_business = "individual"
bill_cycle = "MONTHLY"
bill_period = "month"
characteristics = { INVRACTE = "Y" }
rate_source = "sent"
request_types = { enroll = "ANY", terminate = "ANY", cancel = "ANY", reinstate = "ANY" }

[request_types.ANY]
mode = "automatic"

[bill_cycles]
MONTHLY = [
  { start = 2026-11-10, end = 2026-11-13, cutoff = 2026-11-30, accounting = 2026-11-01 },
  { start = 2026-12-10, end = 2026-12-15, cutoff = 2026-12-31, accounting = 2026-12-01 },
]
"""
ENDS = {"acknowledged", "quarantined"}


@pytest.fixture(scope="module")
def corpus():
    folder = os.environ.get("GATEWAY_CORPUS")
    if not folder:
        pytest.skip("GATEWAY_CORPUS is not set: the X12 files of others are not here")
    return Path(folder)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("corpus"))
    shutil.copytree(packaged_mappings(), home.mappings)
    partner = home.partners / "anybody"
    partner.mkdir(parents=True)
    (partner / "profile.toml").write_text(PROFILE)
    (partner / "billing.toml").write_text(BILLING)
    home.settings_file.write_text(SETTINGS)
    app = open_app(home, FixedClock(datetime(2026, 11, 5, 9, tzinfo=UTC)))
    app.upgrade()
    return app


@pytest.fixture(scope="module")
def outcomes(app, corpus):
    files = [path for kind in ("834", "820") for path in sorted((corpus / kind).iterdir())]
    assert len(files) > 100
    arrivals = {path: app.ingest(path, "anybody") for path in files}
    app.runner().drain()
    return {path: app.queries.timeline(arrival.file_id) for path, arrival in arrivals.items()}


def test_every_file_ends_in_a_definite_state_with_an_acknowledgement_or_a_reason(outcomes):
    unclear = []
    for path, timeline in outcomes.items():
        file = timeline.file
        answered = timeline.documents or file.reason or all_ignored(timeline)
        if file.state not in ENDS or not answered:
            unclear.append((path.name, file.state, file.reason))
        print(row(path, timeline))
    assert [] == unclear


def test_no_set_waits_or_failed_without_a_reason(outcomes):
    states = Counter(line.state.value for timeline in outcomes.values() for line in timeline.sets.items)
    print(dict(states))
    assert 0 == states["checked"] + states["quarantined"]


def test_the_same_files_again_change_nothing(app, corpus, outcomes):
    before = app.queries.summary()
    for path in outcomes:
        assert app.ingest(path, "anybody").is_duplicate
    app.runner().drain()
    assert before == app.queries.summary()


def all_ignored(timeline):
    return timeline.sets.total > 0 and all(line.state == "ignored" for line in timeline.sets.items)


def row(path, timeline):
    sets = Counter(f"{line.ack}/{line.state}" for line in timeline.sets.items)
    answers = "+".join(sorted(document.kind.value for document in timeline.documents)) or "-"
    events = Counter(change.event.value for change in timeline.changes.items)
    done = ", ".join(f"{count} {name}" for name, count in sorted(events.items()))
    what = ", ".join(f"{count} {name}" for name, count in sorted(sets.items()))
    return f"{path.parent.name} {path.name[:70]:<70} {timeline.file.state:<12} {what:<28} {answers:<12} {done}"

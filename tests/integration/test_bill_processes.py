"""A bill run on PostgreSQL in several processes bills what one would: the same bills, each account once."""

import shutil

import psycopg
import pytest

from gateway import bootstrap
from gateway.bootstrap import open_app
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings, packaged_partners
from tests.databases import postgresql_server
from tests.unit.pipeline.groups import NOVEMBER_RUN
from tests.unit.pipeline.house import OCTOBER, SETTINGS
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

__all__ = ["postgresql_server"]

GROUPS = [f"G{n}" for n in range(8)]
CYCLE = "M = [{ start = 2025-11-10, end = 2025-11-14, cutoff = 2025-12-31, accounting = 2025-12-01 }]\n"


@pytest.fixture
def make_node(postgresql_server, tmp_path):
    """Make a home of eight groups with two members each, on a database of its own, that bills in so many processes."""
    apps = []

    def make(processes):
        home = Home(tmp_path / f"home-{processes}")
        url = postgresql_server.fresh_database()
        shutil.copytree(packaged_mappings(), home.mappings)
        shutil.copytree(packaged_partners() / "acme", home.partners / "acme")
        accounts = "".join(
            f'[accounts.{g}]\npolicies = ["{g}"]\nbill_cycle = "M"\nbill_period = "month"\n'
            "member_events_raise_requests = false\n"
            for g in GROUPS
        )
        (home.partners / "acme" / "billing.toml").write_text(f"{accounts}[bill_cycles]\n{CYCLE}")
        settings = SETTINGS.replace("threads = 1", f"threads = 1\nbill_processes = {processes}")
        home.settings_file.write_text(f'database_url = "{url}"\n{settings}')
        app = open_app(home, FixedClock(OCTOBER))
        app.upgrade()
        apps.append((app, url))
        for number, group in enumerate(GROUPS, start=1):
            members = [member(f"S{group}{n}", policy=group) for n in range(2)]
            path = home.path / "handed-over"
            body = enrollment(*members, policy=group, reference=group, created=f"20251020*09{number:02d}")
            path.write_bytes(Envelope(number=f"{number:09d}").around(body))
            app.ingest(path, "acme")
        app.runner().drain()
        return app

    yield make
    for app, url in apps:
        app.database.close()
        postgresql_server.give_back(url)


def bills(app):
    with psycopg.connect(app.database_url) as connection:
        return connection.execute(
            "SELECT i.account_id, i.total, l.membership_id, l.month, l.amount, l.formula FROM invoices i "
            "JOIN invoice_lines l ON l.invoice_id = i.id ORDER BY 1, 3, 4"
        ).fetchall()


def test_two_processes_bill_what_one_does(make_node, monkeypatch):
    monkeypatch.setattr(bootstrap, "_ACCOUNTS_WORTH_A_PROCESS", 2)
    alone, shared = make_node(1), make_node(2)
    told = []
    one = alone.bill(NOVEMBER_RUN)
    two = shared.bill(NOVEMBER_RUN, tell=lambda ended, of: told.append((ended, of)))
    assert bills(alone) == bills(shared)
    assert 32 == len(bills(shared))
    assert GROUPS == sorted(each.account_id for each in two.invoices)
    assert one.proofs == two.proofs
    assert (8, 8) == told[-1]
    assert [f"INV{n:09d}" for n in range(1, 9)] == sorted(each.id for each in two.invoices)
    assert shared.queries.prove().holds
    assert [] == shared.bill(NOVEMBER_RUN).invoices


def test_a_run_cut_off_in_several_processes_is_ended_by_the_next(make_node, monkeypatch):
    monkeypatch.setattr(bootstrap, "_ACCOUNTS_WORTH_A_PROCESS", 2)
    app = make_node(2)

    def gives_up(ended, _of):
        if ended >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        app.bill(NOVEMBER_RUN, tell=gives_up)
    report = app.bill(NOVEMBER_RUN)
    assert (8, True) == (report.proofs[0].invoiced, report.proofs[0].holds)
    assert 32 == len(bills(app))
    assert app.queries.prove().holds

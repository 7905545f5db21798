"""Two nodes on PostgreSQL at the same account or money at the same time: the second sees what the first did."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import psycopg
import pytest

from gateway.billing.lifecycle import move
from gateway.bootstrap import open_app
from gateway.domain.charge import RequestStatus
from gateway.domain.exchange import SetState
from gateway.errors import ConcurrentChange, NotAllowed
from gateway.pipeline import settle as settle_module
from gateway.pipeline.apply import APPLIERS
from gateway.pipeline.check import check_file
from gateway.pipeline.request import approve, cancel, create_requests
from gateway.pipeline.request_target import RequestOrder
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings, packaged_partners
from tests.databases import postgresql_server
from tests.unit.pipeline.house import OCTOBER, SETTINGS
from tests.unit.pipeline.x12_files import ACME_PAYS, ELM, Envelope, enrollment, member, pays_account, premium_820

__all__ = ["postgresql_server"]

LOOKS_MAX = 100_000


class Nodes:
    """Two nodes of one gateway on PostgreSQL; each work is done by a station called in a thread of its own."""

    def __init__(self, app, url):
        self.app = app
        self.plant = app.plant
        self._url = url
        self._threads = ThreadPoolExecutor(2)

    def checked(self, partner_id, content):
        """Receive and check a file of one set; return the set, which waits to be applied."""
        path = self.app.home.path / "handed-over"
        path.write_bytes(content)
        file_id = self.app.ingest(path, partner_id).file_id
        check_file(self.plant, file_id)
        with self.plant.open_unit() as unit:
            (record,) = unit.exchanges.sets_of_file(file_id, states=[SetState.CHECKED])
        return record

    def apply(self, record):
        APPLIERS[record.set.type](self.plant, record)

    def meanwhile(self, record):
        """Apply a set in another thread."""
        return self._threads.submit(self.apply, record)

    def start(self, work, *words, **options):
        """Do anything in another thread."""
        return self._threads.submit(work, *words, **options)

    def until_it_waits(self, other):
        """Return once the other thread waits for a lock of ours, or has ended without waiting."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            for _ in range(LOOKS_MAX):
                waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                if other.done() or connection.execute(waiting).fetchone()[0]:
                    return
        raise AssertionError("the other thread neither waits nor ends")

    def rows(self, sql):
        with psycopg.connect(self._url) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def nodes(postgresql_server, tmp_path):
    url = postgresql_server.fresh_database()
    home = Home(tmp_path / "home")
    shutil.copytree(packaged_mappings(), home.mappings)
    shutil.copytree(packaged_partners(), home.partners)
    home.settings_file.write_text(f'database_url = "{url}"\n{SETTINGS}')
    app = open_app(home, FixedClock(OCTOBER))
    app.upgrade()
    yield Nodes(app, url)
    app.database.close()
    postgresql_server.give_back(url)


def test_an_event_that_meets_a_bill_run_makes_a_request_of_its_own(nodes):
    nodes.apply(nodes.checked("acme", Envelope().around(enrollment(member("A1")))))
    second = nodes.checked("acme", Envelope(number="000000102").around(enrollment(member("A2"), reference="SECOND")))
    with nodes.plant.open_unit() as unit:  # what a bill run does: it ends the request
        unit.enrollment.lock_account("G001234")
        unit.requests.update(move(unit.requests.open_for("G001234"), RequestStatus.PROCESSED))
        other = nodes.meanwhile(second)
        nodes.until_it_waits(other)
        unit.commit()
    other.result()
    assert [("defer_processing_batch",), ("processed",)] == nodes.rows("SELECT status FROM invoice_requests ORDER BY 1")


@pytest.fixture
def billed(nodes):
    """Invoice INV000000001 of 620.00."""
    nodes.apply(nodes.checked("acme", Envelope().around(enrollment(member("A1")))))
    (invoice,) = nodes.app.bill(OCTOBER.date()).invoices
    assert "620.00" == str(invoice.total)
    return nodes


@pytest.fixture
def halfway(monkeypatch):
    """Let the first payment stop where it has seen what is open and not yet written what it pays."""
    is_there, may_go = threading.Event(), threading.Event()
    place = settle_module.place
    first = []

    def place_slowly(*words):
        settlement = place(*words)
        if not first:
            first.append(True)
            is_there.set()
            may_go.wait(60)
        return settlement

    monkeypatch.setattr(settle_module, "place", place_slowly)
    return is_there, may_go


def pays(number, trace):
    body = premium_820("C", "620", *pays_account("RMR*IK*INV000000001*PI*620"), trace=trace)
    return Envelope(number=number, sender="ELM", functional_id="RA", guide=ELM.guide).around(body)


def test_two_payments_of_one_invoice_settle_it_once(billed, halfway):
    is_there, may_go = halfway
    first, second = (billed.checked("elm", pays(f"00000070{n}", f"T{n}")) for n in (1, 2))
    one = billed.meanwhile(first)
    is_there.wait(60)
    other = billed.meanwhile(second)
    billed.until_it_waits(other)
    may_go.set()
    one.result()
    other.result()
    view = billed.app.queries.invoice("INV000000001")
    assert ("0.00", "paid") == (str(view.open), view.invoice.status)
    cash = billed.app.queries.summary().cash
    assert ("1240.00", "620.00", "620.00") == tuple(map(str, (cash.received, cash.applied, cash.unapplied)))


def test_money_and_its_explanation_told_at_once_are_brought_together_when_one_looks_again(billed, halfway):
    is_there, may_go = halfway
    money = billed.checked("elm", ELM.around(premium_820("D", "620", trace="T")))
    said = billed.checked(
        "acme", ACME_PAYS.around(premium_820("I", "620", *pays_account("RMR*IK*INV000000001*PI*620"), trace="T"))
    )
    one = billed.meanwhile(money)
    is_there.wait(60)
    other = billed.meanwhile(said)
    billed.until_it_waits(other)
    may_go.set()
    one.result()
    with pytest.raises(ConcurrentChange):
        other.result()
    billed.apply(said)
    assert "0.00" == str(billed.app.queries.invoice("INV000000001").open)
    assert [("applied", 62000)] == billed.rows("SELECT state, amount FROM receipts")


def test_money_that_two_sets_bring_at_once_counts_once(billed, halfway):
    """A remittance waits; two sets of the bank bring its money at the same instant: the second is told so."""
    is_there, may_go = halfway
    said = billed.checked(
        "acme", ACME_PAYS.around(premium_820("I", "620", *pays_account("RMR*IK*INV000000001*PI*620"), trace="T"))
    )
    billed.apply(said)
    bringing = [
        billed.checked(
            "elm",
            Envelope(number=f"00000080{n}", sender="ELM", functional_id="RA", guide=ELM.guide).around(
                premium_820("D", "620", trace="T")
            ),
        )
        for n in (1, 2)
    ]
    one = billed.meanwhile(bringing[0])
    is_there.wait(60)
    other = billed.meanwhile(bringing[1])
    billed.until_it_waits(other)
    may_go.set()
    one.result()
    other.result()
    cash = billed.app.queries.summary().cash
    assert ("620.00", "620.00", "0.00") == tuple(map(str, (cash.received, cash.applied, cash.unapplied)))
    states = dict(billed.rows("SELECT id, state FROM transaction_sets"))
    assert ["applied", "applied", "refused"] == sorted(states[each.id] for each in (said, *bringing))


# --- orders


def order(by="pat"):
    return RequestOrder(
        "ADHOC",
        "G001234",
        cutoff_on=date(2025, 12, 31),
        accounting_on=date(2025, 12, 1),
        bill_on=date(2025, 10, 23),
        by=by,
    )


@pytest.fixture
def quiet(nodes):
    """Two nodes, and acme with a member and no open request."""
    record = nodes.checked("acme", Envelope().around(enrollment(member("A1"))))
    nodes.apply(record)
    with nodes.plant.open_unit() as unit:
        made = unit.requests.open_for("G001234")
    cancel(nodes.plant, made.id, by="kim", reason="so that none is open")
    return nodes


def test_two_people_who_order_the_same_at_the_same_moment_get_one_request(quiet):
    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(create_requests, quiet.plant, order(by)) for by in ("pat", "kim")]
        made = [each.result()[0] for each in done]
    assert [False, True] == sorted(each.is_new for each in made)
    assert 1 == len({each.request.id for each in made})
    assert [(1,)] == quiet.rows("SELECT count(*) FROM invoice_requests WHERE is_manual")


def test_of_an_approval_and_a_cancellation_at_the_same_moment_one_comes_first(quiet):
    [made] = create_requests(quiet.plant, order())
    with quiet.plant.open_unit() as unit:
        unit.enrollment.lock_account("G001234")
        canceling = quiet.start(cancel, quiet.plant, made.request.id, by="lee", reason="not now")
        quiet.until_it_waits(canceling)
        unit.commit()
    canceling.result()
    with pytest.raises(NotAllowed, match="is canceled"):
        approve(quiet.plant, made.request.id, by="kim")

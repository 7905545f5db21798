"""The main job in a few acts: simulated partners drop files, the gateway does its real work through real SFTP."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

from gateway.bootstrap import App, open_app
from gateway.demo.home import make_home, make_server, partner_ids, point_partners_at
from gateway.demo.remittances import Feed, PolicyPayment, pay_invoice, pay_subsidies, read_feeds
from gateway.errors import GatewayError
from gateway.ports.clock import FixedClock
from gateway.settings import Home

Say = Callable[[str], None]

_OCTOBER = datetime(2025, 10, 23, 9, 30, tzinfo=UTC)
_NOVEMBER = datetime(2025, 11, 5, 9, 30, tzinfo=UTC)
_FIRST_BILLS = date(2025, 11, 3)
_SECOND_BILLS = date(2025, 11, 12)
_SHORT = Decimal("620.00")  # what the second payment lacks: one member's premium


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything an act needs: the gateway, its clock, the partners' folders, and how to report."""

    app: App
    clock: FixedClock
    mailboxes: Path
    say: Say

    def drop(self, partner_id: str, name: str, content: bytes) -> None:
        """Put a file into a partner's outbox, as the partner's own program would."""
        outbox = self.mailboxes / partner_id / "outbox"
        outbox.mkdir(parents=True, exist_ok=True)
        (outbox / name).write_bytes(content)
        self.say(f"  {partner_id} drops {name} ({len(content):,} bytes)")

    def poll(self) -> None:
        """Look into every partner's folder once."""
        for partner_id in self.app.active_partners():
            try:
                report = self.app.poll(partner_id)
            except GatewayError as error:
                self.say(f"  {partner_id}: {error}")
                continue
            if report.seen:
                again = f", {len(report.duplicates)} duplicate" if report.duplicates else ""
                settling = f", {report.settling} to be seen once more" if report.settling else ""
                self.say(f"  {partner_id}: {report.seen} seen, {len(report.received)} fetched{again}{settling}")

    def work(self) -> None:
        """Do all that is due."""
        ran = self.app.runner().drain()
        self.say(f"  {ran} jobs done")


def run_demo(folder: Path, say: Say) -> App:
    """Play the demo in `folder` and return the gateway, for the summary.

    A second run drops the same files again: the gateway recognises every one of them and does nothing twice.
    """
    home = make_home(folder)
    server = make_server(home)
    with server:
        point_partners_at(home, server)
        clock = FixedClock(_OCTOBER)
        app = open_app(home, clock)
        app.upgrade()
        make_mailboxes(home, server.root)
        say(f"simulated partners on 127.0.0.1:{server.port}: {', '.join(app.active_partners())}")
        stage = Stage(app, clock, server.root, say)
        for title, act in ACTS:
            say(title)
            act(stage)
    return app


def make_mailboxes(home: Home, root: Path) -> None:
    """Make the folders in which partners leave files and look for ours."""
    for partner_id in partner_ids(home):
        for name in ("outbox", "inbox"):
            (root / partner_id / name).mkdir(parents=True, exist_ok=True)


def sample(name: str) -> bytes:
    """Return the bytes of a sample file."""
    return (files("gateway.demo") / "samples" / name).read_bytes()


def enrollment(stage: Stage) -> None:
    """Employers and the exchange send their first 834s."""
    stage.drop("acme", "enrollment-october.834", sample("acme_enroll.834"))
    stage.drop("birch", "roster-october.834", sample("birch_full.834"))
    stage.drop("dunes", "exchange-october.834", sample("dunes_enroll.834"))
    stage.poll()
    stage.poll()
    stage.work()


def first_bills(stage: Stage) -> None:
    """The invoice requests that the enrolments raised are due."""
    _bill(stage, _FIRST_BILLS)


def trouble(stage: Stage) -> None:
    """Bad members, a duplicate, a file in two halves, and one that is no X12."""
    stage.clock.instant = _NOVEMBER
    stage.drop("acme", "changes-november.834", sample("acme_bad_members.834"))
    stage.drop("acme", "enrollment-october-again.834", sample("acme_enroll.834"))
    stage.drop("acme", "letter.txt", sample("not_x12.txt"))
    late = sample("acme_late_half.834")
    stage.drop("acme", "addition-november.834", late[: len(late) // 2])
    stage.poll()
    stage.drop("acme", "addition-november.834", late)
    stage.poll()
    stage.poll()
    stage.work()


def payments(stage: Stage) -> None:
    """The bank brings a full and a short payment, the exchange its advance credits."""
    for feed in read_feeds(stage.mailboxes / "birch" / "inbox")[:1]:
        content = _payment(feed, feed.total, payer="BIRCH LOGISTICS", tax_id="223344556", trace="ELM0001")
        stage.drop("elm", "payment-birch.820", content)
    for feed in read_feeds(stage.mailboxes / "acme" / "inbox")[:1]:
        content = _payment(feed, feed.total - _SHORT, payer="ACME CORP", tax_id="123456789", trace="ELM0002")
        stage.drop("elm", "payment-acme-short.820", content)
    stage.drop("dunes", "advance-credits.820", _subsidies())
    stage.poll()
    stage.poll()
    stage.work()


def _payment(feed: Feed, amount: Decimal, *, payer: str, tax_id: str, trace: str) -> bytes:
    """Return the bank's 820 for one invoice."""
    return pay_invoice(feed, amount, payer=payer, tax_id=tax_id, trace=trace, on=_NOVEMBER)


def _subsidies() -> bytes:
    """Return the exchange's 820: two advance credits less the user fee."""
    policies = (
        PolicyPayment("E7001", "LARKSPURRE", "LAVINIA", (("APTC", Decimal("626.66")), ("UF", Decimal("-12.53")))),
        # A payment type that nobody agreed on: the money is kept in suspense until a person has asked.
        PolicyPayment("E7002", "MOONVALE", "MORTIMER", (("APTC", Decimal("300.00")), ("GOODWILL", Decimal("25.00")))),
    )
    return pay_subsidies(policies, trace="DUNES0001", on=_NOVEMBER, period="20251101-20251130")


def second_bills(stage: Stage) -> None:
    """The December windows are open; what changed since is billed or credited by difference."""
    stage.clock.instant = datetime(_SECOND_BILLS.year, _SECOND_BILLS.month, _SECOND_BILLS.day, 9, 30, tzinfo=UTC)
    _bill(stage, _SECOND_BILLS)


def _bill(stage: Stage, on: date) -> None:
    """Run the bill run of a day and deliver its feeds."""
    stage.clock.instant = datetime(on.year, on.month, on.day, 2, 30, tzinfo=UTC)
    report = stage.app.bill(on)
    for invoice in report.invoices:
        stage.say(f"  invoice {invoice.id} for {invoice.account_id}: {invoice.total:,.2f}")
    stage.say(f"  {len(report.invoices)} invoices, {report.nothing_due} accounts with nothing to bill")
    stage.work()


def silence(stage: Stage) -> None:
    """Look for what should have come and did not."""
    for partner_id in stage.app.active_partners():
        stage.app.watch(partner_id)
    for incident in stage.app.queries.summary().incidents:
        if incident.kind == "expected_file_missing":
            stage.say(f"  {incident.message}")


ACTS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("1. Enrollment files arrive", enrollment),
    ("2. The first bill run", first_bills),
    ("3. Bad members, a duplicate, half a file, and a letter", trouble),
    ("4. Payments arrive", payments),
    ("5. The second bill run", second_bills),
    ("6. What did not come", silence),
)

"""The bill run: accounts frozen, families loaded, priced, billed by difference, proved, written, committed.

    python3 dev.py bench billing                        2,000 groups with 100,000 members, on both databases
    … tests/benchmarks/bench_billing.py --members 20000 --groups 400
    … tests/benchmarks/bench_billing.py --growth        cost per line and memory from 10,000 to 1,000,000 lines a run
    … tests/benchmarks/bench_billing.py --big           one account with 100,000 members
    … tests/benchmarks/bench_billing.py --processes 1 2 the same run in so many processes, on PostgreSQL

Three runs, one after the other on the same database, one line for each member and month: the first bills November, the
next December, with a month of history to compare with, the last January, with two. Everything is re-priced and held
against what was billed each time, so that a run costs more the more months there are. Each run is made by a process of
its own, so that its peak memory is its own. Where several processes bill, their parts are not told apart.

`own CPU` is what the gateway's processes computed for, PostgreSQL's is not in it. `limit` is what the database takes at
most of as many rows as a run writes (of twelve texts, one key, by the driver's quickest way in) in the same run,
without a gateway. Seconds differ from machine to machine, shares and the ratio to the limit hardly do.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway import logs
from gateway.bootstrap import open_app
from gateway.domain.coverage import (
    Coverage,
    CoverageStatus,
    FamilyChange,
    Member,
    Membership,
    MembershipChange,
    MembershipEvent,
    MembershipStatus,
)
from gateway.domain.parties import Account, LineOfBusiness, Person
from gateway.domain.period import Period
from gateway.pipeline import bill, invoice
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings, packaged_partners
from gateway.store.enrollment import SqlEnrollment
from gateway.store.invoices import SqlInvoices
from gateway.store.ledger import SqlLedger
from gateway.store.unit_of_work import SqlUnitOfWork
from tests.benchmarks.bench_enrollment import Stopwatch, databases, limit
from tests.contract.records import file, group, interchange, set_record

BEFORE = datetime(2025, 9, 1, 9, tzinfo=UTC)
RUNS = {"first": date(2025, 10, 10), "next": date(2025, 11, 10), "third": date(2025, 12, 10)}
CYCLE = """
[bill_cycles]
M = [
  { start = 2025-10-10, end = 2025-10-15, cutoff = 2025-11-30, accounting = 2025-11-01 },
  { start = 2025-11-10, end = 2025-11-14, cutoff = 2025-12-31, accounting = 2025-12-01 },
  { start = 2025-12-10, end = 2025-12-15, cutoff = 2026-01-31, accounting = 2026-01-01 },
]
"""
ROWS_PER_LINE = 2  # the line and its posting
PARTS = ("freeze", "load", "billed", "price", "reckon", "write", "commit", "other")
AIM = 5_000  # lines a second on one core
AT_ONCE = 5_000


def make_home(folder: Path, url: str, groups: int, members: int) -> None:
    """Make a home with so many groups of acme and members in them, a subscriber with one plan each."""
    home = Home(folder)
    shutil.copytree(packaged_mappings(), home.mappings)
    shutil.copytree(packaged_partners() / "acme", home.partners / "acme")
    accounts = "".join(
        f'[accounts.{group_id(n)}]\npolicies = ["{group_id(n)}"]\nbill_cycle = "M"\nbill_period = "month"\n'
        "member_events_raise_requests = false\n"
        for n in range(groups)
    )
    (home.partners / "acme" / "billing.toml").write_text(accounts + CYCLE)
    home.settings_file.write_text(f'database_url = "{url}"\n[identity]\nid = "EXAMPLEHEALTH"\nname = "Example"\n')
    app = open_app(home, FixedClock(BEFORE))
    app.upgrade()
    with app.plant.open_unit() as unit:
        unit.files.claim(file())
        unit.exchanges.add_interchange(interchange(), [])
        unit.exchanges.add_group(group(), [], file_id="F1")
        unit.exchanges.add_sets([(set_record("S1"), [])])
        for n in range(groups):
            unit.enrollment.add_account(Account(group_id(n), "acme", LineOfBusiness.GROUP, group_id(n)))
        for start in range(0, members, AT_ONCE):
            unit.enrollment.save([enrolled(n, n % groups) for n in range(start, min(start + AT_ONCE, members))])
        unit.commit()
    app.database.close()


def group_id(number: int) -> str:
    """Return the account of a group."""
    return f"G{number:06d}"


def enrolled(number: int, group_number: int) -> FamilyChange:
    """Return one subscriber, covered from November on."""
    membership_id, member_id = f"M{number:08d}", f"P{number:08d}"
    cover = Coverage(
        id=f"C{number:08d}",
        line_id=f"L{number:08d}",
        member_id=member_id,
        membership_id=membership_id,
        insurance_line="PPO",
        plan="GOLD",
        level=("EMP", "ESP", "FAM")[number % 3],
        period=Period(date(2025, 11, 1)),
        status=CoverageStatus.ACTIVE,
        source=f"000000001/1/0001/{number}",
        set_id="S1",
        known_at=BEFORE,
    )
    source, day = set_record("S1").source, date(2025, 11, 1)
    event = MembershipChange(f"E{number}", MembershipEvent.ENROLL, membership_id, member_id, day, source, number)
    return FamilyChange(
        Membership(membership_id, "acme", group_id(group_number), f"S{number}", MembershipStatus.ACTIVE),
        (Member(member_id, membership_id, True, "18", Person("LAST", "FIRST", birth_date=date(1980, 1, 1))),),
        (cover,),
        (),
        BEFORE,
        (event,),
    )


class Watch(Stopwatch):
    """Knows how to count what an iterator takes, where it is read."""

    def watch_iterator(self, owner: Any, name: str, part: str) -> None:
        """Let what every iterator that `owner.name` returns takes count towards `part`."""
        original = getattr(owner, name)

        def timed(*words: Any, **named: Any) -> Iterator[Any]:
            items = original(*words, **named)
            while True:
                with self.running(part):
                    item = next(items, None)
                if item is None:
                    return
                yield item

        setattr(owner, name, timed)


def run_case(folder: Path, on: date) -> dict[str, Any]:
    """Make the bill run of a day in this process; return seconds by part, CPU seconds, and peak memory."""
    logs.configure(level="warning")
    app = open_app(Home(folder), FixedClock(datetime(on.year, on.month, on.day, 9, tzinfo=UTC)))
    watch = Watch()
    watch.watch(bill, "_freeze_day", "freeze")
    watch.watch_iterator(SqlEnrollment, "families_of_account", "load")
    watch.watch_iterator(SqlInvoices, "billed", "billed")
    watch.watch(invoice, "charges_due", "price")
    watch.watch(invoice.BillSheet, "take", "reckon")
    watch.watch(SqlInvoices, "add", "write")
    watch.watch(SqlLedger, "append", "write")
    watch.watch(SqlUnitOfWork, "commit", "commit")
    started, cpu = time.perf_counter(), sum(os.times()[:4])  # children's too
    report = app.bill(on)
    total = time.perf_counter() - started
    (proof,) = report.proofs
    lines = sum(each.lines_count for each in report.invoices)
    if not proof.holds or report.held:
        raise SystemExit(f"the run does not prove, or held {len(report.held)} accounts")
    parts = {part: watch.seconds.get(part, 0.0) for part in PARTS[:-1]}
    parts["other"] = total - sum(parts.values())
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return {
        "total": total,
        "cpu": sum(os.times()[:4]) - cpu,
        "parts": parts,
        "peak": peak,
        "lines": lines,
        "invoices": len(report.invoices),
    }


def in_a_process(*words: object, processes: int) -> Any:
    """Run this program with `words`; return the JSON that it prints."""
    environment = {**os.environ, "GATEWAY_WORK__BILL_PROCESSES": str(processes)}
    command = [sys.executable, __file__, *map(str, words)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout)


def measure(url: str, groups: int, members: int, *, runs: tuple[str, ...], processes: int) -> Iterator[str]:
    """Yield a line of the table for each run on a fresh database."""
    name = url.partition(":")[0]
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as temporary:
        folder = Path(temporary) / "home"
        make_home(folder, url, groups, members)
        resolved = f"sqlite:///{folder / 'gateway.db'}" if name == "sqlite" else url
        for case in runs:
            at_most = members / limit(resolved, members * ROWS_PER_LINE)
            found = in_a_process("--home", folder, "--day", RUNS[case], processes=processes)
            speed = found["lines"] / found["total"]
            shares = " ".join(f"{found['parts'][part] / found['total']:6.0%}" for part in PARTS)
            yield (
                f"{name:10} {case:5} {processes:4} {found['invoices']:8,} {found['lines']:9,}"
                f" {found['invoices'] / found['total']:7,.0f} {speed:8,.0f} {found['lines'] / found['cpu']:8,.0f}"
                f" {AIM:7,} {at_most:9,.0f} {speed / at_most:5.2f} {shares} {found['peak']:5.0f}"
            )


def print_table(urls: Iterator[str], groups: int, members: int, **how: Any) -> None:
    """Print the table for each database."""
    for url in urls:
        for line in measure(url, groups, members, **how):
            print(line, flush=True)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=2_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--growth", type=int, nargs="*", metavar="LINES", help="default: 10000 100000 1000000")
    parser.add_argument("--big", action="store_true", help="one account with all members")
    parser.add_argument("--processes", type=int, nargs="+", default=[1])
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--day", type=date.fromisoformat, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.home:
        print(json.dumps(run_case(asked.home, asked.day)))
        return
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}")
    print(
        f"{'database':10} {'run':5} {'proc':>4} {'invoices':>8} {'lines':>9} {'inv./s':>7} {'lines/s':>8}"
        f" {'own CPU':>8} {'aim':>7} {'limit':>9} {'ratio':>5} "
        + " ".join(f"{part:>6}" for part in PARTS)
        + f" {'MiB':>5}"
    )
    with databases(asked.database) as fresh:
        for processes in asked.processes:
            if asked.growth is not None:
                for lines in asked.growth or [10_000, 100_000, 1_000_000]:
                    print_table(fresh(), max(lines // 50, 1), lines, runs=("first", "next"), processes=processes)
            else:
                groups = 1 if asked.big else asked.groups
                print_table(fresh(), groups, asked.members, runs=tuple(RUNS), processes=processes)


if __name__ == "__main__":
    main()

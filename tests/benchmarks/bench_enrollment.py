"""The whole trip of an 834: bytes in, checked, every row of the history and both logs committed, 999 written.

    python3 dev.py bench enrollment                        100,000 members on both databases
    … tests/benchmarks/bench_enrollment.py --members 20000  fewer
    … tests/benchmarks/bench_enrollment.py --growth         cost per member and memory from 10,000 to 1,000,000

Three files, one after the other on the same database: everybody is added; the same people are sent again under a new
reference; a full file (BGN08 = RX) in which 1 percent changed (half a new tier, a quarter left, a quarter came). Each
file is worked on by a process of its own, so that its peak memory is its own.

`own CPU` is what the gateway's process computed for, PostgreSQL's is not in it: it is what one core would do if the
database had another. `limit` is what the database takes at most of the same number of rows (of twelve texts, one key,
by the driver's quickest way in) in the same run, without a gateway. Seconds differ from machine to machine, shares and
the ratio to the limit hardly do.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway import logs
from gateway.bootstrap import App, open_app
from gateway.pipeline import enroll
from gateway.pipeline.work import perform
from gateway.ports.clock import FixedClock
from gateway.ports.jobs import Done, Job
from gateway.settings import Home, packaged_mappings, packaged_partners
from gateway.store.enrollment import SqlEnrollment
from gateway.store.unit_of_work import SqlUnitOfWork
from gateway.transactions.sent import SentLoop
from tests.databases import PostgresqlServer, postgresql_programs

NOW = datetime(2025, 10, 23, 9, tzinfo=UTC)
CASES = ("add", "again", "full")
STATIONS = ("check", "apply", "acknowledge")
READER = "read_members"  # what gives the station of enrollment a set's header and its members
ROWS_PER_MEMBER = {"add": 5, "again": 2, "full": 2}  # membership, member, coverage; event and log entry
AIMS = {("postgresql", "add"): 10_000, ("postgresql", "again"): 20_000}


def write_file(case: str, members: int, path: Path) -> None:
    """Write the file of a case: one subscriber with one plan per INS loop."""
    number = CASES.index(case) + 1
    action = "RX" if case == "full" else "2"
    with path.open("w", encoding="ascii", newline="") as out:
        out.write(
            "ISA*00*          *00*          *ZZ*ACME           *ZZ*EXAMPLEHEALTH  *251020*0910*^*00501"
            f"*{number:09d}*1*P*:~\nGS*BE*ACME*EXAMPLEHEALTH*20251020*0910*{number}*X*005010X220A1~\n"
            f"ST*834*0001*005010X220A1~\nBGN*00*REF{number}*20251020*091{number}*ET***{action}~\nREF*38*G001234~\n"
            "DTP*007*D8*20251101~\nN1*P5*ACME CORP*FI*123456789~\nN1*IN*EXAMPLE*FI*987654321~\n"
        )
        segments = 6
        for member in range(members):
            if case != "full" or member % 400 != 7:
                out.write(member_loop(member, "FAM" if case == "full" and member % 200 == 3 else "EMP"))
                segments += 9
            else:  # one left, another came
                out.write(member_loop(members + member, "EMP"))
                segments += 9
        out.write(f"SE*{segments + 1}*0001~\nGE*1*{number}~\nIEA*1*{number:09d}~\n")


def member_loop(member: int, level: str) -> str:
    """Return one INS loop."""
    return (
        f"INS*Y*18*021*28*A***FT~\nREF*0F*S{member:07d}~\nREF*1L*G001234~\n"
        f"NM1*IL*1*LAST{member}*FIRST****34*{100000000 + member}~\nN3*{member} MAIN ST~\nN4*SPRINGFIELD*IL*62701~\n"
        f"DMG*D8*{1950 + member % 50}{member % 12 + 1:02d}{member % 28 + 1:02d}*F~\n"
        f"HD*021**PPO*GOLD*{level}~\nDTP*348*D8*20251001~\n"
    )


class Stopwatch:
    """Seconds by part of the trip, taken around whole chunks, and around each member where it is read."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def running(self, part: str) -> Iterator[None]:
        """Count what happens inside towards `part`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - started

    def watch(self, owner: Any, name: str, part: str) -> None:
        """Let every call of `owner.name` count towards `part`."""
        original: Callable[..., Any] = getattr(owner, name)

        def timed(*words: Any, **named: Any) -> Any:
            with self.running(part):
                return original(*words, **named)

        setattr(owner, name, timed)

    def watch_reading(self) -> None:
        """Count what the members' stream takes towards `read`."""
        original: Callable[..., Any] = getattr(enroll, READER)

        def timed(*words: Any) -> Any:
            header, requests = original(*words)
            return header, self._each(requests)

        setattr(enroll, READER, timed)

    def _each(self, items: Iterator[Any]) -> Iterator[Any]:
        spent = 0.0
        while True:
            started = time.perf_counter()
            item = next(items, None)
            spent += time.perf_counter() - started
            if item is None:
                self.seconds["read"] = self.seconds.get("read", 0.0) + spent
                return
            yield item


def open_home(folder: Path) -> App:
    """Open the home that `make_home` made."""
    return open_app(Home(folder), FixedClock(NOW))


def make_home(folder: Path, url: str) -> None:
    """Make a home with the partners of the demo, on the database of this URL."""
    home = Home(folder)
    shutil.copytree(packaged_mappings(), home.mappings)
    shutil.copytree(packaged_partners(), home.partners)
    home.settings_file.write_text(f'database_url = "{url}"\n[identity]\nid = "EXAMPLEHEALTH"\nname = "Example"\n')
    open_home(folder).upgrade()


def run_case(folder: Path, path: Path) -> dict[str, Any]:
    """Work on one file in this process; return seconds by part, CPU seconds, and peak memory."""
    logs.configure(level="warning")
    app = open_home(folder)
    watch = Stopwatch()
    watch.watch_reading()
    watch.watch(SentLoop, "read", "read")
    watch.watch(SqlEnrollment, "families", "load")
    watch.watch(SqlEnrollment, "told_last", "load")
    watch.watch(SqlEnrollment, "save", "write")
    watch.watch(SqlEnrollment, "add_events", "write")
    watch.watch(SqlEnrollment, "add_log", "write")
    watch.watch(SqlUnitOfWork, "commit", "write")
    started, cpu = time.perf_counter(), time.process_time()
    file_id = app.ingest(path, "acme").file_id
    taken = {}
    for station in STATIONS:
        begun = time.perf_counter()
        before = watch.seconds.get("write", 0.0)
        if not isinstance(perform(app.plant, Job(station, file_id, "acme"), 1), Done):
            raise SystemExit(f"{station} failed; its log is above")
        taken[station] = time.perf_counter() - begun
        if station == "apply":
            written = watch.seconds["write"] - before
    total = time.perf_counter() - started
    parts = {"check": taken["check"], "read": watch.seconds["read"], "load": watch.seconds.get("load", 0.0)}
    parts["decide"] = taken["apply"] - parts["read"] - parts["load"] - written
    parts |= {"write": written, "ack": taken["acknowledge"]}
    text = next(step.text for step in app.queries.timeline(file_id).steps.items if step.station == "enroll")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"total": total, "cpu": time.process_time() - cpu, "parts": parts, "peak": peak, "text": text}


def in_a_process(*words: object) -> Any:
    """Run this program with `words`; return the JSON that it prints."""
    done = subprocess.run([sys.executable, __file__, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def limit(url: str, rows: int) -> float:
    """Return how many seconds the database takes for `rows` rows of twelve texts by the driver's quickest way in."""
    columns = ", ".join(f"c{number} TEXT" for number in range(12))
    made = ((f"K{number:012d}", *["something"] * 11) for number in range(rows))
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
            database.execute(f"CREATE TABLE bench_limit ({columns}, PRIMARY KEY (c0))")
            started = time.perf_counter()
            database.executemany(f"INSERT INTO bench_limit VALUES ({', '.join('?' * 12)})", made)
            database.commit()
            spent = time.perf_counter() - started
            database.execute("DROP TABLE bench_limit")
        return spent
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE TABLE bench_limit ({columns}, PRIMARY KEY (c0))")
        connection.commit()
        started = time.perf_counter()
        with connection.cursor().copy("COPY bench_limit FROM STDIN") as copy:
            for row in made:
                copy.write_row(row)
        connection.commit()
        spent = time.perf_counter() - started
        connection.execute("DROP TABLE bench_limit")
    return spent


def measure(url: str, members: int, cases: tuple[str, ...] = CASES) -> Iterator[str]:
    """Yield a line of the table for each case on a fresh database."""
    name = url.partition(":")[0]
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as temporary:
        folder = Path(temporary)
        make_home(folder / "home", url)
        resolved = f"sqlite:///{folder / 'home' / 'gateway.db'}" if name == "sqlite" else url
        for case in cases:
            path = folder / f"{case}.834"
            write_file(case, members, path)
            at_most = members / limit(resolved, members * ROWS_PER_MEMBER[case])
            found = in_a_process("--home", folder / "home", "--file", path)
            speed = members / found["total"]
            shares = " ".join(f"{found['parts'][part] / found['total']:6.0%}" for part in found["parts"])
            aim = f"{AIMS[name, case]:,}" if (name, case) in AIMS else ""
            yield (
                f"{name:10} {case:5} {members:9,} {speed:9,.0f} {members / found['cpu']:9,.0f} {aim:>7}"
                f" {at_most:9,.0f} {speed / at_most:5.2f} {shares} {found['peak']:5.0f}   {found['text']}"
            )


def print_table(urls: Iterator[str], members: int, cases: tuple[str, ...] = CASES) -> None:
    """Print the table for each database."""
    for url in urls:
        for line in measure(url, members, cases):
            print(line, flush=True)


@contextmanager
def databases(wanted: str) -> Iterator[Callable[[], Iterator[str]]]:
    """Start what is wanted; yield what gives the URL of a fresh database of each kind."""
    programs = postgresql_programs()
    if wanted == "sqlite" or programs is None:
        print("" if programs else "PostgreSQL is not installed: SQLite only")
        yield lambda: iter(["sqlite:///gateway.db"])
        return
    with tempfile.TemporaryDirectory(prefix="gateway-postgresql-") as folder:
        server = PostgresqlServer(programs, Path(folder), ())  # as it comes: every commit is flushed to the disk
        server.start()
        try:
            both = [] if wanted == "postgresql" else ["sqlite:///gateway.db"]
            yield lambda: iter([*both, server.fresh_database()])
        finally:
            server.stop()


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--growth", type=int, nargs="*", metavar="MEMBERS", help="default: 10000 200000 1000000")
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.home:
        print(json.dumps(run_case(asked.home, asked.file)))
        return
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}")
    print(
        f"{'database':10} {'case':5} {'members':>9} {'members/s':>9} {'own CPU':>9} {'aim':>7}"
        f" {'limit':>9} {'ratio':>5} "
        + " ".join(f"{part:>6}" for part in ("check", "read", "load", "decide", "write", "ack"))
        + f" {'MiB':>5}"
    )
    with databases(asked.database) as fresh:
        if asked.growth is None:
            print_table(fresh(), asked.members)
            return
        for members in asked.growth or [10_000, 200_000, 1_000_000]:
            print_table(fresh(), members, CASES[:2])


if __name__ == "__main__":
    main()

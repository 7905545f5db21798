"""The whole trip of an 820: bytes in, checked, every cent placed, posted and committed, answered.

    python3 dev.py bench remittance                         100,000 individual lines on both databases
    … tests/benchmarks/bench_remittance.py --lines 20000     fewer
    … tests/benchmarks/bench_remittance.py --profile          where the time goes, by function

Before the clock starts as many members are enrolled and billed. The bank then brings one 820 with money (BPR01 = C) and
one individual line for each of them, each naming the member's subscriber id, its month and what was billed. The file is
worked on by a process of its own, so that its peak memory is its own.

`own CPU` is what the gateway's process computed for, PostgreSQL's is not in it: it is what one core would do if the
database had another. Seconds differ from machine to machine, shares hardly do.
"""

import argparse
import cProfile
import json
import os
import platform
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway import logs
from gateway.pipeline import settle
from gateway.pipeline.work import perform
from gateway.ports.jobs import Done, Job
from gateway.store.ledger import SqlLedger
from gateway.store.unit_of_work import SqlUnitOfWork
from tests.benchmarks.bench_enrollment import STATIONS, Stopwatch, databases, make_home, open_home, write_file

AIM = 5_000  # lines a second of own CPU
BILLED_ON = date(2025, 10, 23)


def write_820(lines: int, price: str, path: Path) -> None:
    """Write one 820 of the bank with a line for each member of bench_enrollment."""
    total = lines * int(price)
    with path.open("w", encoding="ascii", newline="") as out:
        out.write(
            "ISA*00*          *00*          *ZZ*ELM            *ZZ*EXAMPLEHEALTH  *251020*0910*^*00501"
            "*000000701*0*P*:~\nGS*RA*ELM*EXAMPLEHEALTH*20251020*0910*701*X*005010X218~\n"
            "ST*820*0001*005010X218~\n"
            f"BPR*C*{total}*C*ACH*CTX*01*123456780*DA*1230045*1123456789**01*123456780*DA*1230045*20251024~\n"
            "TRN*1*BENCH*1123456789~\nREF*14*G001234~\nN1*PE*EXAMPLE HEALTH PLAN*FI*987654321~\n"
            "N1*PR*ACME CORP*FI*123456789~\n"
        )
        for line in range(lines):
            out.write(
                f"ENT*{line + 1}*2J*EI*S{line:07d}~\nNM1*EY*1*LAST{line}*FIRST****EI*S{line:07d}~\n"
                f"RMR*AZ*S{line:07d}**{price}*{price}~\nDTM*582****RD8*20251001-20251031~\n"
            )
        out.write(f"SE*{6 + 4 * lines + 1}*0001~\nGE*1*701~\nIEA*1*000000701~\n")


def prepare(folder: Path, members: int) -> str:
    """Enroll and bill the members; return what October costs each, in whole dollars."""
    app = open_home(folder)
    path = folder / "members.834"
    write_file("add", members, path)
    file_id = app.ingest(path, "acme").file_id
    for station in STATIONS:
        run(app, station, file_id, "acme")
    report = app.bill(BILLED_ON)
    if len(report.invoices) != 1:
        raise SystemExit(f"{len(report.invoices)} invoices instead of one")
    with app.plant.open_unit() as unit:
        return str(int(unit.invoices.open_items("G001234")[0].billed))


def run(app: Any, station: str, subject: str, lock: str) -> None:
    """Run one job."""
    if not isinstance(perform(app.plant, Job(station, subject, lock), 1), Done):
        raise SystemExit(f"{station} failed; its log is above")


def run_case(folder: Path, path: Path, *, profile: bool) -> dict[str, Any]:
    """Work on one file in this process; return seconds by part, CPU seconds, and peak memory."""
    logs.configure(level="warning")
    app = open_home(folder)
    watch = Stopwatch()
    if not profile:
        watch.watch(settle, "read_820", "read")
        watch.watch(settle, "load_books", "load")
        watch.watch(settle, "place", "decide")
        for name in ("append", "add_placements", "add_remittance"):
            watch.watch(SqlLedger, name, "write")
        watch.watch(SqlUnitOfWork, "commit", "write")
    profiler = cProfile.Profile()
    started, cpu = time.perf_counter(), time.process_time()
    file_id = app.ingest(path, "elm").file_id
    taken = {}
    for station in STATIONS:
        begun = time.perf_counter()
        if profile:
            profiler.enable()
        run(app, station, file_id, "elm")
        profiler.disable()
        taken[station] = time.perf_counter() - begun
    total, spent = time.perf_counter() - started, time.process_time() - cpu
    if profile:
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(45)
    parts = {"check": taken["check"]} | {
        name: watch.seconds.get(name, 0.0) for name in ("read", "load", "decide", "write")
    }
    parts["rest"] = taken["apply"] - sum(parts[name] for name in ("read", "load", "decide", "write"))
    parts["ack"] = taken["acknowledge"]
    text = next(step.text for step in app.queries.timeline(file_id).steps.items if step.station == "settle")
    faults = app.queries.verify_journal().faults
    if faults or "0.00 unapplied, 0.00 in suspense" not in text:
        raise SystemExit(f"not every cent was applied: {text} {faults[:3]}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"total": total, "cpu": spent, "parts": parts, "peak": peak}


def in_a_process(*words: object) -> Any:
    """Run this program with `words`; return the JSON that it prints."""
    done = subprocess.run([sys.executable, __file__, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def measure(url: str, lines: int, *words: str) -> Iterator[str]:
    """Yield the line of the table for a fresh database."""
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as temporary:
        folder = Path(temporary) / "home"
        make_home(folder, url)
        price = prepare(folder, lines)
        path = Path(temporary) / "money.820"
        write_820(lines, price, path)
        found = in_a_process("--home", folder, "--file", path, *words)
        shares = " ".join(f"{found['parts'][part] / found['total']:6.0%}" for part in found["parts"])
        yield (
            f"{url.partition(':')[0]:10} {lines:9,} {lines / found['total']:9,.0f} {lines / found['cpu']:9,.0f}"
            f" {AIM:7,} {shares} {found['peak']:5.0f}"
        )


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--profile", action="store_true", help="where the time goes, by function; slower")
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.home:
        print(json.dumps(run_case(asked.home, asked.file, profile=asked.profile)))
        return
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}")
    print(
        f"{'database':10} {'lines':>9} {'lines/s':>9} {'own CPU':>9} {'aim':>7} "
        + " ".join(f"{part:>6}" for part in ("check", "read", "load", "decide", "write", "rest", "ack"))
        + f" {'MiB':>5}"
    )
    with databases(asked.database) as fresh:
        for url in fresh():
            for line in measure(url, asked.lines, *(["--profile"] if asked.profile else [])):
                print(line, flush=True)


if __name__ == "__main__":
    main()

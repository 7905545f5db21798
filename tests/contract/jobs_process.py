"""A process of its own that works on a queue: `python -m tests.contract.jobs_process URL FOLDER`.

It is a whole daemon with one schedule. Its station says `in hand` and the subject, then waits for a line on its
standard input before it says `done`; SIGTERM ends it like the real command.
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from gateway.jobs.daemon import Daemon
from gateway.jobs.timetable import ApsTimetable
from gateway.ports.jobs import Decision, Done, Job, Schedule
from tests.contract.jobs_queue import Queue

SCHEDULES = [Schedule("first", Job("station", "scheduled", lock="one"), every_seconds=86_400)]


def say(text: str) -> None:
    """Write a line in one piece: a signal handler may speak too."""
    os.write(sys.stdout.fileno(), f"{text}\n".encode())


def main(url: str, folder: str) -> None:
    queue = Queue(url, Path(folder))

    def tick(schedule: Schedule, slot: datetime) -> bool:
        with queue.open_unit() as unit:
            is_first = unit.claim_tick(f"{schedule.name}:{slot.isoformat()}", queue.clock.now())
            if is_first:
                unit.defer(schedule.job)
                unit.defer(Job("station", "behind it", lock="one"))
            unit.commit()
        return is_first

    def perform(job: Job, attempt: int) -> Decision:
        say(f"in hand {job.subject} {attempt}")
        sys.stdin.readline()
        say(f"done {job.subject}")
        return Done()

    daemon = Daemon(ApsTimetable(SCHEDULES, tick), queue.runner(perform, threads=1))

    def end(_signal: int, _frame: object) -> None:
        daemon.stop()
        say("asked to end")

    signal.signal(signal.SIGTERM, end)
    daemon.run()
    say("ended")
    queue.database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

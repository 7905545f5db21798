"""What to do after a failure: a total decision on the error's class, so that no refusal can look like success.

The closest neighbour turned "permission denied" into success (LESSONS 10.1); here every class has a row in a test.
"""

import hashlib
from datetime import datetime, timedelta

from gateway.errors import (
    ConfigurationError,
    GatewayError,
    HostKeyRefused,
    PartnerRefusedLogin,
    StoreError,
    TransportError,
)
from gateway.ports.jobs import Decision, GiveUp, Job, RetryAt

WORK_TRIES = 3  # DOMAIN 11.8: a poison file goes to quarantine after three tries
WIRE_TRIES = 12  # with the pauses below: about a day
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=4)
_SLOW_LANE = timedelta(hours=6)  # a refused login repeated quickly locks accounts at many partners


def after_failure(error: Exception, job: Job, attempt: int, now: datetime) -> Decision:
    """Return when to run `job` again, or that it must never run again; `attempt` is the one that failed, from 1."""
    reason = f"{type(error).__name__}: {error}" if isinstance(error, GatewayError) else type(error).__name__
    match error:
        case HostKeyRefused() | ConfigurationError():
            return GiveUp(reason)
        case PartnerRefusedLogin():
            return RetryAt(now + _SLOW_LANE) if attempt < WORK_TRIES else GiveUp(reason)
        case TransportError():
            again = error.is_temporary and attempt < WIRE_TRIES
        case StoreError():
            again = error.is_temporary and attempt < WIRE_TRIES
        case _:
            again = attempt < WORK_TRIES
    return RetryAt(now + pause(job, attempt)) if again else GiveUp(reason)


def pause(job: Job, attempt: int) -> timedelta:
    """Return the pause before the next attempt: doubling, up to four hours, with a quarter of jitter by job.

    The jitter comes from the job's own name, so that a thousand jobs of one broken partner do not return together
    and a test can say when.
    """
    doubled: timedelta = _FIRST_PAUSE * (2 ** min(attempt - 1, 12))
    spread = hashlib.sha256(f"{job.station}/{job.subject}/{attempt}".encode()).digest()[0] / 255
    return min(doubled, _LONGEST_PAUSE) * (1 + spread / 4)

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
from gateway.settings import Work

_MOST_DOUBLINGS = 12


def after_failure(error: Exception, job: Job, attempt: int, *, now: datetime, work: Work) -> Decision:
    """Return when to run `job` again, or that it must never run again; `attempt` is the one that failed, from 1.

    A host key that is not pinned and a wrong configuration are never retried. A refused login goes to a slow lane:
    repeated quickly it locks accounts at many partners. What is temporary gets the wire's tries, all else the tries
    before quarantine (DOMAIN 11.8).
    """
    reason = reason_of(error)
    match error:
        case HostKeyRefused() | ConfigurationError():
            return GiveUp(reason)
        case PartnerRefusedLogin():
            again = attempt < work.tries_before_quarantine
            return RetryAt(now + timedelta(seconds=work.refused_login_pause_seconds)) if again else GiveUp(reason)
        case TransportError() | StoreError():
            again = error.is_temporary and attempt < work.tries_on_the_wire
        case _:
            again = attempt < work.tries_before_quarantine
    return RetryAt(now + pause(job, attempt, work)) if again else GiveUp(reason)


def reason_of(error: Exception) -> str:
    """Return what may be written down of an error: the text only of our own, which never holds personal data."""
    return f"{type(error).__name__}: {error}" if isinstance(error, GatewayError) else type(error).__name__


def pause(job: Job, attempt: int, work: Work) -> timedelta:
    """Return the pause before the next attempt: doubling up to the longest, with up to a quarter of jitter.

    The jitter comes from the job's own name, so that a thousand jobs of one broken partner do not return together
    and a test can say when.
    """
    doubled = work.first_pause_seconds * 2 ** min(attempt - 1, _MOST_DOUBLINGS)
    spread = hashlib.sha256(f"{job.station}/{job.subject}/{attempt}".encode()).digest()[0] / 255
    return timedelta(seconds=min(doubled, work.longest_pause_seconds) * (1 + spread / 4))

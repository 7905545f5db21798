"""Runs one job: binds the log, calls the station, and turns whatever happens into a decision."""

from gateway.errors import StoreError
from gateway.logs import get_logger
from gateway.pipeline.incidents import connection_fault, open_connection_fault
from gateway.pipeline.plant import Plant
from gateway.pipeline.retry import after_failure, pause
from gateway.pipeline.route import ROUTE
from gateway.ports.jobs import Decision, Done, GiveUp, Job, RetryAt


def perform(plant: Plant, job: Job, attempt: int) -> Decision:
    """Run `job` and return Done, when to try again, or that it is given up; nothing is raised and nothing swallowed.

    A refused login, a refused host key and a silent server also open an incident, one at a time per partner.
    """
    log = get_logger(station=job.station, subject=job.subject, attempt=attempt)
    station = ROUTE.get(job.station)
    if station is None:
        log.error("there is no such station; a newer program may have written this job")
        return GiveUp(f"there is no station {job.station!r}")
    try:
        station.run(plant, job.subject)
    except Exception as error:
        decision = after_failure(error, job, attempt, now=plant.clock.now(), work=plant.settings.work)
        level = log.error if isinstance(decision, GiveUp) else log.warning
        # A class we know says it all; of any other we want to know where it came from.
        level("failed", error=type(error).__name__, decision=type(decision).__name__, exc_info=_unknown(error))
        return _written_down(plant, job, attempt, error, decision)
    return Done()


def _unknown(error: Exception) -> Exception | None:
    """Return an error whose traceback belongs in the log: one that is no part of our error tree."""
    return None if type(error).__module__ == "gateway.errors" else error


def _written_down(plant: Plant, job: Job, attempt: int, error: Exception, decision: Decision) -> Decision:
    """Write a failure down where people look and return its decision; while nothing can be written, try again.

    What cannot be written for another reason (its subject is gone) is only logged: a job must never end its runner.
    """
    try:
        if connection_fault(error):
            with plant.open_unit() as unit:
                open_connection_fault(plant, unit, job.lock.partition("/")[2], error)
                unit.commit()
        if isinstance(decision, GiveUp):
            ROUTE[job.station].given_up(plant, job, error)
    except StoreError as away:
        get_logger(station=job.station, subject=job.subject).error("not written down", error=type(away).__name__)
        return RetryAt(plant.clock.now() + pause(job, attempt, plant.settings.work))
    except Exception as unwritten:
        get_logger(station=job.station, subject=job.subject).error("not written down", exc_info=unwritten)
    return decision

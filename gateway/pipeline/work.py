"""Runs one job: binds the log, calls the station, and turns whatever happens into a decision."""

from gateway.domain.exchange import Incident
from gateway.domain.identity import content_id
from gateway.errors import HostKeyRefused, HostUnreachable, PartnerRefusedLogin, TransportError
from gateway.logs import get_logger
from gateway.pipeline.plant import Plant
from gateway.pipeline.retry import after_failure
from gateway.pipeline.route import ROUTE
from gateway.ports.jobs import Decision, Done, GiveUp, Job

_INCIDENTS: dict[type[TransportError], str] = {
    HostKeyRefused: "host_key_refused",
    PartnerRefusedLogin: "login_refused",
    HostUnreachable: "unreachable",
}


def perform(plant: Plant, job: Job, attempt: int) -> Decision:
    """Run `job` and return Done, when to try again, or that it is given up; nothing is raised and nothing swallowed.

    A refused login, a refused host key and a silent server also open an incident, one at a time per partner.
    """
    log = get_logger(station=job.station, subject=job.subject, attempt=attempt)
    try:
        ROUTE[job.station].run(plant, job.subject)
    except Exception as error:
        decision = after_failure(error, job, attempt, now=plant.clock.now(), work=plant.settings.work)
        level = log.error if isinstance(decision, GiveUp) else log.warning
        # A class we know says it all; of any other we want to know where it came from.
        level("failed", error=type(error).__name__, decision=type(decision).__name__, exc_info=_unknown(error))
        if isinstance(error, TransportError):
            _open_incident(plant, job, error)
        if isinstance(decision, GiveUp):
            ROUTE[job.station].given_up(plant, job.subject, decision.reason)
        return decision
    return Done()


def _unknown(error: Exception) -> Exception | None:
    """Return an error whose traceback belongs in the log: one that is no part of our error tree."""
    return None if type(error).__module__ == "gateway.errors" else error


def _open_incident(plant: Plant, job: Job, error: TransportError) -> None:
    """Open the incident that belongs to a transport error, unless one is open for the partner."""
    kind = next((name for cls, name in _INCIDENTS.items() if isinstance(error, cls)), None)
    if kind is None:
        return
    partner_id = job.lock.removeprefix("deliver/").removeprefix("poll/")
    now = plant.clock.now()
    with plant.open_unit() as unit:
        key = content_id("N", kind, partner_id, now.date())
        unit.open_incident(Incident(key, kind, partner_id, now, f"{type(error).__name__}: {error}"))
        unit.commit()

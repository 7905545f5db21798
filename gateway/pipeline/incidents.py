"""What a person must look at, opened once: the faults of a partner's connection, and work that was given up."""

from collections.abc import Mapping

from gateway.domain.exchange import Incident
from gateway.domain.identity import content_id
from gateway.domain.parties import Account
from gateway.errors import HostKeyRefused, HostUnreachable, PartnerRefusedLogin, TransportError
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork

_CONNECTION_FAULTS: Mapping[type[TransportError], str] = {
    HostKeyRefused: "host_key_refused",
    PartnerRefusedLogin: "login_refused",
    HostUnreachable: "unreachable",
}
_POLL_GIVEN_UP = "poll_given_up"


def connection_fault(error: Exception) -> str:
    """Return the kind of incident of an error that says we do not get in at a partner's, else ''."""
    return next((kind for cls, kind in _CONNECTION_FAULTS.items() if isinstance(error, cls)), "")


def closed_way(unit: UnitOfWork, partner_id: str) -> str:
    """Return why a partner does not let us in, as far as is known since it last did; '' where nothing is known.

    While it is so nothing is tried but the next look at its folder: a login that was refused must not be repeated
    for every document that waits.
    """
    standing = unit.standing_incidents(tuple(_CONNECTION_FAULTS.values()), partner_id)
    return standing[0].message if standing else ""


def open_connection_fault(plant: Plant, unit: UnitOfWork, partner_id: str, error: Exception) -> None:
    """Open the incident of an error that says we do not get in at a partner's, one at a time per kind and partner."""
    kind = connection_fault(error)
    if kind and not unit.has_incident(kind, partner_id):
        # The instant is part of the key: the next outage is a new incident, on the same day too.
        key = content_id("N", kind, partner_id, plant.clock.now().isoformat())
        open_incident(plant, unit, kind, partner_id, f"{type(error).__name__}: {error}", key=key)


def close_connection_faults(plant: Plant, unit: UnitOfWork, partner_id: str) -> None:
    """Close what a successful look at a partner's folder answers."""
    for kind in (*_CONNECTION_FAULTS.values(), _POLL_GIVEN_UP):
        unit.close_incidents(kind, partner_id, plant.clock.now())


def open_incident(
    plant: Plant, unit: UnitOfWork, kind: str, partner_id: str, message: str, *, key: str, subject_id: str = ""
) -> None:
    """Open an incident now, unless its key was opened before."""
    unit.open_incident(Incident(key, kind, partner_id, plant.clock.now(), message, subject_id=subject_id))


def keep_incidents(plant: Plant, unit: UnitOfWork, kind: str, account: Account, found: Mapping[str, str]) -> None:
    """Let the open incidents of a kind about an account be exactly those `found`, messages by key.

    One that is open with the same message stays as it is; one whose message is not found any more is closed.
    """
    still = set(found.values())
    known = {each.message: each.key for each in unit.incidents_about(kind, account.id)}
    for message, key in known.items():
        if message not in still:
            unit.close_incident(key, plant.clock.now())
    for key, message in found.items():
        if message not in known:
            open_incident(plant, unit, kind, account.partner_id, message, key=key, subject_id=account.id)

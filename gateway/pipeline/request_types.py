"""Invoice request types as people look after them: listed, copied, made inactive, each version written down (OR-34).

Types are configuration as code, `[request_types.CODE]` of a partner's `billing.toml`: the file decides. A command that
changes one changes the file and writes down who did it and why. Whoever edits the file by hand is not asked, so the
version is written down when it is first seen, as written by hand; who it was, the file's own history knows.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.configuration.toml_file import check_model, read_toml
from gateway.domain.request_audit import TypeChange, TypeVersion
from gateway.errors import ConfigurationError, NotFound
from gateway.partners.billing import RequestType
from gateway.partners.edit import with_activity, with_copied_type
from gateway.partners.partner import Partner
from gateway.partners.surroundings import BILLING_FILE
from gateway.pipeline.configuration import rewrite_billing
from gateway.pipeline.plant import Plant

_BY_HAND = "by hand"
_FILE_HISTORY = f"seen in {BILLING_FILE}"


@dataclass(frozen=True, slots=True)
class TypeLine:
    """One request type as configured, with the places that use it."""

    partner_id: str
    code: str
    kind: RequestType
    used_by: tuple[str, ...]  # accounts and customer classes, with the event


def list_types(plant: Plant, partner_id: str = "") -> list[TypeLine]:
    """Return the request types of one partner or all, in the order of their codes."""
    partners = [plant.partner(partner_id)] if partner_id else list(plant.partners.values())
    return [
        TypeLine(partner.id, code, kind, tuple(sorted(_uses(partner, code))))
        for partner in sorted(partners, key=lambda each: each.id)
        for code, kind in sorted(partner.billing.request_types.items())
    ]


def note_versions(plant: Plant) -> int:
    """Write down every type that is not as it was last seen, as written by hand; return how many there were."""
    written = 0
    for partner in plant.partners.values():
        kinds = partner.billing.request_types
        with plant.open_unit() as unit:
            last = {each.code: each for each in unit.request_audit.type_versions(partner.id)}
            now = {code: _content(kind) for code, kind in kinds.items()}
            gone = {code: "" for code, version in last.items() if code not in now and version.content}
            news = [
                _version(plant, partner.id, code, content, last.get(code), change=_by_hand(content))
                for code, content in sorted({**now, **gone}.items())
                if code not in last or last[code].content != content
            ]
            unit.request_audit.add_type_versions(news)
            unit.commit()
        written += len(news)
    return written


def copy_type(plant: Plant, partner_id: str, code: str, new_code: str, *, by: str, reason: str) -> TypeVersion:
    """Write the type `code` once more, as `new_code`, every field the same. Raises NotFound, NotAllowed."""
    return _change(
        plant,
        partner_id,
        new_code,
        lambda text: with_copied_type(text, code, new_code),
        change=TypeChange.COPIED,
        by=by,
        reason=f"copy of {code}: {reason}",
    )


def set_type_active(
    plant: Plant, partner_id: str, code: str, *, active: bool, by: str, reason: str
) -> TypeVersion | None:
    """Make a type inactive, so that no request can be made of it, or active again; None when it is so already.

    A type that an event still names stays active: ConfigurationError says which. Raises NotFound.
    """
    kind = plant.partner(partner_id).billing.request_types.get(code)
    if kind is not None and kind.active is active:
        return None
    return _change(
        plant,
        partner_id,
        code,
        lambda text: with_activity(text, code, active=active),
        change=TypeChange.ACTIVATED if active else TypeChange.INACTIVATED,
        by=by,
        reason=reason,
    )


def type_history(plant: Plant, partner_id: str, code: str) -> list[TypeVersion]:
    """Return every version of a type that was ever seen, oldest first; raises NotFound where there is none."""
    note_versions(plant)
    with plant.open_unit() as unit:
        found = [each for each in unit.request_audit.type_versions(plant.partner(partner_id).id) if each.code == code]
    if not found:
        raise NotFound(f"{partner_id} never had a request type {code}", hint="`gateway request types list` shows them")
    return found


def _change(
    plant: Plant, partner_id: str, code: str, edit: Callable[[str], str], *, change: TypeChange, by: str, reason: str
) -> TypeVersion:
    """Change the file, then write the version down; what was changed by hand before is written down first."""
    note_versions(plant)
    rewrite_billing(plant, partner_id, edit)
    content = _content(_type_in_file(plant.partner(partner_id), code))
    with plant.open_unit() as unit:
        last = [each for each in unit.request_audit.type_versions(partner_id) if each.code == code]
        version = _version(
            plant, partner_id, code, content, last[-1] if last else None, change=change, by=by, reason=reason
        )
        unit.request_audit.add_type_versions([version])
        unit.commit()
    return version


def _type_in_file(partner: Partner, code: str) -> RequestType:
    """Return a type as the file says it now."""
    data, _ = read_toml(partner.folder / BILLING_FILE, BILLING_FILE)
    kind, mistakes = check_model(RequestType, data["request_types"][code], BILLING_FILE)
    if kind is None:
        raise ConfigurationError("; ".join(map(str, mistakes)))
    return kind


def _version(
    plant: Plant,
    partner_id: str,
    code: str,
    content: str,
    last: TypeVersion | None,
    *,
    change: TypeChange,
    by: str = _BY_HAND,
    reason: str = _FILE_HISTORY,
) -> TypeVersion:
    """Return the version after `last`."""
    number = last.number + 1 if last else 1
    return TypeVersion(partner_id, code, number, change, content, plant.clock.now(), by, reason)


def _by_hand(content: str) -> TypeChange:
    """Return how a type changed that nobody changed by a command."""
    return TypeChange.WRITTEN if content else TypeChange.REMOVED


def _content(kind: RequestType) -> str:
    """Return a type as JSON with sorted keys."""
    return json.dumps(kind.model_dump(mode="json"), sort_keys=True)


def _uses(partner: Partner, code: str) -> Iterator[str]:
    """Yield where a type is named: `account event`, `customer class event`, `account policy event`."""
    for class_code, shared in partner.billing.customer_classes.items():
        yield from (f"{class_code} {event}" for event, named in shared.request_types.items() if named == code)
    for account_id, account in partner.billing.accounts.items():
        yield from (f"{account_id} {event}" for event, named in account.request_types.items() if named == code)
        policy = account.policy.request_types
        yield from (f"{account_id} policy {event}" for event, named in policy.items() if named == code)

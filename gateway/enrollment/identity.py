"""Who is who in a family: ids made of content, and which person on file a maintenance request means.

A member's id is made when the person is first seen and read from the file ever after, so that it stays when a name,
a birth date or a number is corrected.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import date

from gateway.domain.coverage import Family, MaintenanceRequest, MaintenanceType, Member
from gateway.domain.identity import content_id
from gateway.domain.parties import Person

SUBSCRIBER = "subscriber"
_PERSONAL_FIELDS = tuple(field.name for field in fields(Person))


def membership_id(scope: str, subscriber_id: str) -> str:
    """Return the id of the contract of `subscriber_id` (REF*0F) within `scope`: the account, else the sponsor."""
    return content_id("M", scope, subscriber_key(subscriber_id))


def subscriber_key(subscriber_id: str) -> str:
    """Return a subscriber id (REF*0F) as it is compared."""
    return subscriber_id.strip().upper()


def member_id(membership: str, identity: str, namesakes: int = 0) -> str:
    """Return the id of a person first known by `identity`; `namesakes` counts those who took the same id before."""
    return content_id("P", membership, identity, *([namesakes] if namesakes else []))


def identity_of(person: Person) -> str:
    """Return what a dependent is first known by: SSN, else another number, else birth date and first name."""
    if person.ssn or person.other_id:
        return person.ssn or person.other_id
    return f"{person.birth_date or ''} {_name(person.first_name)}"


def new_member_id(family: Family, request: MaintenanceRequest) -> str:
    """Return an id for the person of `request` that nobody in the family has."""
    identity = SUBSCRIBER if request.is_subscriber else identity_of(request.person)
    taken = {member.id for member in family.members}
    namesakes = 0
    while (new := member_id(family.membership.id, identity, namesakes)) in taken:
        namesakes += 1
    return new


def find_members(family: Family, request: MaintenanceRequest) -> list[Member]:
    """Return the persons on file whom `request` may mean: none, the one, or several when they cannot be told apart.

    A subscriber is the family's subscriber. A dependent is found by the first rule of `RULES_OF_IDENTITY` to which
    somebody answers; an addition uses only the strict ones, because a twin shares birth date and relationship.
    """
    if request.is_subscriber:
        return [member for member in family.members if member.is_subscriber]
    dependents = [member for member in family.members if not member.is_subscriber]
    if not dependents:
        return []
    wanted = request.former or request.person
    rules = RULES_OF_IDENTITY if request.maintenance is MaintenanceType.ADDITION else ALL_RULES_OF_IDENTITY
    for rule in rules:
        found = [member for member in dependents if rule(member, wanted, request.relationship)]
        if found:
            return found
    return []


def is_somebody_else(on_file: Person, sent: Person) -> bool:
    """Tell whether nothing that identifies a person agrees: number, birth date and first name all differ."""
    differ = (
        _differ(on_file.ssn or on_file.other_id, sent.ssn or sent.other_id),
        _differ(on_file.birth_date, sent.birth_date),
        _differ(_name(on_file.first_name), _name(sent.first_name)),
    )
    return all(differ)


def merged(on_file: Person, sent: Person) -> Person:
    """Return `on_file` with every field that was sent; `on_file` itself when nothing is new."""
    if on_file == sent:
        return on_file
    news = {}
    for name in _PERSONAL_FIELDS:
        value = getattr(sent, name)
        if value and value != getattr(on_file, name):
            news[name] = value
    return replace(on_file, **news) if news else on_file


def _by_number(member: Member, sent: Person, _relationship: str) -> bool:
    """The same SSN, or the same other number."""
    person = member.person
    return bool((sent.ssn and sent.ssn == person.ssn) or (sent.other_id and sent.other_id == person.other_id))


def _by_birth_and_first_name(member: Member, sent: Person, _relationship: str) -> bool:
    """The same birth date and first name, numbers not contradicting."""
    person = member.person
    if sent.birth_date is None or sent.birth_date != person.birth_date or _numbers_differ(person, sent):
        return False
    return _name(sent.first_name) == _name(person.first_name)


def _by_first_name(member: Member, sent: Person, relationship: str) -> bool:
    """The same first name and relationship where one side tells no birth date, numbers not contradicting."""
    person = member.person
    if not sent.first_name or _name(sent.first_name) != _name(person.first_name) or relationship != member.relationship:
        return False
    return not _differ(person.birth_date, sent.birth_date) and not _numbers_differ(person, sent)


def _by_corrected_name(member: Member, sent: Person, relationship: str) -> bool:
    """The same birth date and relationship: the name was corrected."""
    person = member.person
    same_birth = sent.birth_date is not None and sent.birth_date == person.birth_date
    return same_birth and relationship == member.relationship and not _numbers_differ(person, sent)


def _by_corrected_birth(member: Member, sent: Person, relationship: str) -> bool:
    """The same first name and relationship: the birth date was corrected."""
    person = member.person
    same_name = bool(sent.first_name) and _name(sent.first_name) == _name(person.first_name)
    return same_name and relationship == member.relationship and not _numbers_differ(person, sent)


IdentityRule = Callable[[Member, Person, str], bool]

RULES_OF_IDENTITY: tuple[IdentityRule, ...] = (_by_number, _by_birth_and_first_name, _by_first_name)
"""Order is meaning: the first rule to which somebody answers decides."""

ALL_RULES_OF_IDENTITY: tuple[IdentityRule, ...] = (*RULES_OF_IDENTITY, _by_corrected_name, _by_corrected_birth)
"""With the rules that only hold for a person who is known to be on file: changes, ends, reinstatements."""


def names_of(person: Person) -> Iterable[str]:
    """Yield the names by which a person is recognised in a full file: numbers, and birth date with first name."""
    if person.ssn:
        yield f"ssn {person.ssn}"
    if person.other_id:
        yield f"id {person.other_id}"
    yield f"{person.birth_date or ''} {_name(person.first_name)}"


def names_to_find(person: Person, relationship: str) -> Iterable[str]:
    """Yield the names by which a refused dependent is recognised when it comes again.

    Beside its numbers they are birth date with first name, and relationship with first name: one of them is what was
    wrong, and the others still say who is meant.
    """
    if person.ssn:
        yield f"ssn {person.ssn}"
    if person.other_id:
        yield f"id {person.other_id}"
    if first := _name(person.first_name):
        yield f"{relationship} {first}"
        if person.birth_date is not None:
            yield f"{person.birth_date} {first}"


def _numbers_differ(on_file: Person, sent: Person) -> bool:
    """Tell whether both sides have an SSN (or both another number) and they are not the same."""
    return _differ(on_file.ssn, sent.ssn) or _differ(on_file.other_id, sent.other_id)


def _differ(on_file: str | date | None, sent: str | date | None) -> bool:
    """Tell whether both sides know a value and they are not the same."""
    return bool(on_file) and bool(sent) and on_file != sent


def _name(name: str) -> str:
    """Return a name as it is compared: upper case, letters and digits only."""
    return "".join(letter for letter in name.upper() if letter.isalnum())

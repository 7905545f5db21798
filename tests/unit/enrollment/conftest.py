"""A desk at which maintenance requests are decided one after the other, in the words of an 834."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.domain.coverage import (
    CoverageRequest,
    EnrollmentHeader,
    Family,
    FileAction,
    MaintenanceRequest,
    MaintenanceType,
)
from gateway.domain.exchange import SetSource
from gateway.domain.parties import Organization, Person
from gateway.enrollment.apply import decide
from gateway.enrollment.identity import membership_id
from gateway.enrollment.rules import Circumstances, Decision, EnrollmentRules

ACCOUNT = "ACME"


PEOPLE = {
    "ANN": ("18", Person("ALPHA", "ANN", ssn="111223333", birth_date=date(1980, 1, 2), gender="F")),
    "ADAM": ("01", Person("ALPHA", "ADAM", birth_date=date(1979, 4, 5), gender="M")),
    "AMY": ("19", Person("ALPHA", "AMY", birth_date=date(2010, 6, 7), gender="F")),
    "CAT": ("18", Person("CHARLIE", "CAT", ssn="222334444", birth_date=date(1975, 3, 3), gender="F")),
}
_DATES = {
    "from": "eligibility_begins_on",  # DTP 356
    "through": "eligibility_last_day",  # DTP 357
    "on": "effective_on",  # DTP 303
    "died": "died_on",  # INS12
}


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def ins(text: str, **fields: object) -> MaintenanceRequest:
    """One INS loop from one line of text: `024 ANN reason=08 through=2025-08-31 | 024 PPO GOLD EMP ..2025-08-31`.

    The head is INS03, who, and what else was sent (`from` 356, `through` 357, `on` 303, `died` INS12, `id` REF*0F,
    `says` ADDL MAINT REASON in 2750); each line after a bar is HD01 HD03 HD04 HD05 (`-` for none), 348 and 349 as
    `begin..end`, and `on` (303) or `premium` (AMT*P3). `fields` replace what the text says.
    """
    head, *lines = [part.split() for part in text.split("|")]
    relationship, person = PEOPLE[head[1]]
    sent = dict(word.split("=") for word in head[2:])
    found: dict[str, object] = {
        "ordinal": 0,
        "position": 0,
        "is_subscriber": relationship == "18",
        "relationship": relationship,
        "maintenance": MaintenanceType(head[0]),
        "reason": sent.get("reason", "28"),
        "benefit_status": "A",
        "subscriber_id": sent.get("id", "S100"),
        "policy": "G001234",
        "person": person,
        "coverages": tuple(hd(*words) for words in lines),
        "reporting": (("ADDL MAINT REASON", sent["says"]),) if "says" in sent else (),
        **{field: day(sent[word]) for word, field in _DATES.items() if word in sent},
        **fields,
    }
    return MaintenanceRequest(**found)  # type: ignore[arg-type]


def hd(kind: str, line: str, plan: str = "-", level: str = "-", dates: str = "..", *more: str) -> CoverageRequest:
    """One HD loop from its words."""
    begin, _, end = dates.partition("..")
    sent = dict(word.split("=") for word in more)
    premium = Decimal(sent["premium"]) if "premium" in sent else None
    plan, level = plan.strip("-"), level.strip("-")
    return CoverageRequest(
        MaintenanceType(kind), line, plan, level, day(begin), day(end), day(sent.get("on", "")), premium
    )


HEADER = EnrollmentHeader(
    "REF0001", "00", FileAction.CHANGE, date(2025, 11, 5), "0800", Organization("ACME CORP"), Organization("PLAN")
)


@dataclass
class Desk:
    """What is on file at one account, and what every request came to."""

    rules: EnrollmentRules = field(default_factory=EnrollmentRules)
    header: EnrollmentHeader = HEADER
    received_on: date = date(2025, 11, 5)
    families: dict[str, Family] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    sent: int = 0
    sets: int = 1

    def next_set(self) -> None:
        self.sets += 1
        self.sent = 0

    def circumstances(self) -> Circumstances:
        source = SetSource(f"F{self.sets}", f"S{self.sets}", f"{self.sets:09d}", "1", "0001")
        known_at = datetime(2025, 11, 5, 8, self.sets % 60, tzinfo=UTC)
        return Circumstances("acme", ACCOUNT, source, known_at, self.received_on, self.header)

    def send(self, text: str, **fields: object) -> Decision:
        """Decide one request (see `ins`) and believe what it leads to."""
        self.sent += 1
        return self.decide(ins(text, **{"ordinal": self.sent, "position": 10 * self.sent, **fields}))

    def decide(self, request: MaintenanceRequest) -> Decision:
        key = membership_id(ACCOUNT, request.subscriber_id)
        decision = decide(request, self.families.get(key), self.rules, self.circumstances())
        if decision.family is not None:
            self.families[key] = decision.family
        self.decisions.append(decision)
        return decision

    def event(self, text: str, **fields: object) -> str:
        """The event that a request comes to, or the code of the error that refuses it."""
        decision = self.send(text, **fields)
        if decision.change is None:
            return next(finding.code for finding in decision.findings)
        return decision.change.events[0].event.value

    def family(self, subscriber_id: str = "S100") -> Family:
        return self.families[membership_id(ACCOUNT, subscriber_id)]

    def status(self, subscriber_id: str = "S100") -> str:
        return self.family(subscriber_id).membership.status.value

    def cover(self, subscriber_id: str = "S100") -> list[str]:
        """Who is covered how and when, one line each: `ANN PPO GOLD EMP 2025-11-01 .. open, active`."""
        family = self.families.get(membership_id(ACCOUNT, subscriber_id))
        if family is None:
            return []
        names = {member.id: member.person.first_name for member in family.members}
        return sorted(
            f"{names[row.member_id]} {row.insurance_line} {row.plan} {row.level or '-'} {row.period.starts_on} .. "
            f"{'never' if row.period.is_empty else row.period.last_day or 'open'}, {row.status}"
            for row in family.coverages
        )


def desk_with(*texts: str, **rules: object) -> Desk:
    """A desk with these requests on file; what is sent next comes in a set of its own."""
    desk = Desk(rules=EnrollmentRules(**rules))  # type: ignore[arg-type]
    for text in texts:
        assert desk.send(text).change is not None, text
    desk.next_set()
    return desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def on_file() -> Callable[..., Desk]:
    """Makes a desk: `on_file("021 ANN | 021 PPO GOLD EMP 2025-01-01..", end_equals_begin="cancel")`."""
    return desk_with


@pytest.fixture
def family() -> Desk:
    """Ann is covered with Adam and Amy since January."""
    return desk_with(
        "021 ANN | 021 PPO GOLD FAM 2025-01-01..",
        "021 ADAM | 021 PPO GOLD - 2025-01-01..",
        "021 AMY | 021 PPO GOLD - 2025-01-01..",
    )


@pytest.fixture
def person() -> Callable[..., Person]:
    """Makes one of PEOPLE with other data: `person("ANN", last_name="BRAVO")`."""
    return lambda name, **changed: replace(PEOPLE[name][1], **changed)


@pytest.fixture(name="ins")
def ins_of() -> Callable[..., MaintenanceRequest]:
    """Makes one INS loop without sending it."""
    return ins

"""Checking one functional group, GS … GE, and the transaction sets in it (DOMAIN 7.3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.domain.exchange import AckCode, FunctionalGroup, TransactionSet
from gateway.domain.finding import Finding, Level, Place
from gateway.x12.check_envelope import group_finding, group_of, gs_findings, interchange_finding, number_of
from gateway.x12.check_event import CheckEvent, GroupClosed, GroupOpened, Limits, SetChecked, Severities
from gateway.x12.check_findings import Findings
from gateway.x12.check_set import SetWalk
from gateway.x12.check_source import Source
from gateway.x12.guide import GuideLibrary
from gateway.x12.plan import GuidePlan
from gateway.x12.plan_pattern import Style
from gateway.x12.plan_run import plan_of

_ENDS_A_SET = frozenset({"IEA", "GS", "GE", "ST"})  # and ISA, with whatever separator
_BUSINESS = {"BGN": (1, 2, 3, 6, 8), "BPR": (1, 2, 4, 16), "TRN": (1, 2, 3), "BIG": (1, 2)}
"""Elements that name a set for those who look for duplicates (DOMAIN 7.6); no account numbers."""


@dataclass(slots=True)
class CheckContext:
    """What the check of a whole file shares: the guides with their plans, the limits and the severities."""

    guides: GuideLibrary
    limits: Limits
    severities: Severities
    _plans: dict[tuple[str, str, str, str], GuidePlan | None] = field(default_factory=dict)

    def plan(self, version: str, functional_id: str, guide: str, set_type: str) -> GuidePlan | None:
        """Return the plan for a set, remembered for the next; None where no guide serves it."""
        key = (version, functional_id, guide, set_type)
        if key not in self._plans:
            found = self.guides.find(*key)
            self._plans[key] = plan_of(found) if found is not None else None
        return self._plans[key]


class GroupCheck:
    """One GS … GE. After `events`, `interchange_findings` holds what AK905 has no code for: TA105 tells it."""

    def __init__(self, context: CheckContext, source: Source, style: Style, ordinal: int) -> None:
        """Begin with a group whose GS is the segment that `source` has just read."""
        self._context = context
        self._source = source
        self._style = style
        self._ordinal = ordinal
        self._findings: list[Finding] = []
        self._numbers: set[str] = set()  # ST02 of the sets so far
        self.interchange_findings: list[Finding] = []

    def events(self, elements: list[str], group_numbers: set[str]) -> Iterator[CheckEvent]:
        """Yield the events of the group whose GS has `elements`; its GS06 is added to `group_numbers`."""
        group = group_of(elements, self._ordinal)
        self._open(elements, group, group_numbers)
        yield GroupOpened(group)
        acks = dict.fromkeys(AckCode, 0)
        included: int | None = None
        has_orphans = False
        while included is None and (elements := self._source.next() or []):
            tag = elements[0]
            if tag == "ST":
                checked = SetCheck(self._context, self._source, self._style, group).run(
                    elements, sum(acks.values()) + 1, self._numbers
                )
                acks[checked.ack] += 1
                yield checked
            elif tag == "GE":
                included = self._close(elements, group, sum(acks.values()))
            elif tag in {"GS", "IEA"} or tag.startswith("ISA"):
                self._source.put_back()
                break
            elif not has_orphans:
                has_orphans = True
                message = "a segment stands in a group but outside of every transaction set"
                self.interchange_findings.append(interchange_finding("022", message, self._source.place(tag)))
        if included is None:
            message = "GE is missing: the group breaks off"
            self._findings.append(group_finding("3", message, self._source.place("GE")))
        yield self._closed(included or 0, acks)

    def _open(self, elements: list[str], group: FunctionalGroup, group_numbers: set[str]) -> None:
        place, guides = self._source.place("GS"), self._context.guides
        for finding in gs_findings(elements, self._style.version, place):
            (self._findings if finding.level is Level.GROUP else self.interchange_findings).append(finding)
        if group.control_number in group_numbers:
            self._add("19", "GS06 stands twice in this interchange", place, 6)
        group_numbers.add(group.control_number)
        if not guides.knows(group.functional_id):
            self._add("1", "no guide here serves this functional group (GS01)", place, 1)
        elif not guides.knows(group.functional_id, group.guide):
            self._add("2", "no guide here has this version (GS08)", place, 8)

    def _close(self, elements: list[str], group: FunctionalGroup, received: int) -> int:
        """Compare GE with what came; return GE01, 0 where it is no number."""
        place = self._source.place("GE")
        count, number = [*elements, "", ""][1:3]
        included = number_of(count)
        if included != received:
            self._add("5", f"GE01 does not say {received}, the number of transaction sets that came", place, 1)
        if number.strip() != group.control_number:
            self._add("4", "GE02 differs from GS06", place, 2)
        return max(included, 0)

    def _closed(self, included: int, acks: dict[AckCode, int]) -> GroupClosed:
        received, rejected = sum(acks.values()), acks[AckCode.REJECTED]
        ack = AckCode.WITH_ERRORS if acks[AckCode.WITH_ERRORS] else AckCode.ACCEPTED
        if rejected:
            ack = AckCode.PARTIAL if rejected < received else AckCode.REJECTED
        if self._findings:  # each of them refuses the group, and so every set in it
            ack, rejected = AckCode.REJECTED, received
        return GroupClosed(ack, included, received, received - rejected, tuple(self._findings))

    def _add(self, code: str, message: str, place: Place, element: int) -> None:
        self._findings.append(group_finding(code, message, place, element))


class SetCheck:
    """One ST … SE."""

    def __init__(self, context: CheckContext, source: Source, style: Style, group: FunctionalGroup) -> None:
        """Begin with a set whose ST is the segment that `source` has just read."""
        self._context = context
        self._source = source
        self._style = style
        self._group = group
        self._business: dict[str, str] = {}

    def run(self, elements: list[str], ordinal: int, numbers: set[str]) -> SetChecked:
        """Check the set whose ST has `elements`; leave the source behind its SE, or before what ended it.

        `numbers` are the control numbers (ST02) of the group so far; the set's is added.
        """
        set_type, number, convention = [each.strip() for each in [*elements, "", "", ""][1:4]]
        guide = convention or self._group.guide
        found = self._findings = Findings(
            self._source,
            most=self._context.limits.findings_per_set,
            severities=self._context.severities,
            set_type=set_type,
        )
        started = self._source.window.byte(self._source.at)
        if number in numbers:
            found.on_set("23", "ST02 stands twice in this group", "ST", 2)
        numbers.add(number)
        if convention and self._group.guide and convention != self._group.guide:
            found.on_set("19", "ST03 names another guide than GS08", "ST", 3)
        walk = self._walk(guide, set_type)
        if walk is not None:
            walk.begin(elements)
        position = self._follow(walk, number)
        ended = self._source.window.byte(self._source.window.at)
        checked = TransactionSet(ordinal, set_type, number, guide, started, ended, position)
        ack = AckCode.WITH_ERRORS if found.has_warning else AckCode.ACCEPTED
        ack = AckCode.REJECTED if found.has_error else ack
        return SetChecked(checked, ack, found.sorted(), found.left_out, tuple(self._business.items()))

    def _walk(self, guide: str, set_type: str) -> SetWalk | None:
        functional_id = self._group.functional_id
        plan = self._context.plan(self._style.version, functional_id, guide, set_type)
        if plan is not None:
            return SetWalk(plan, self._style, self._findings, severities=self._context.severities)
        known = self._context.guides.knows(functional_id)
        self._findings.on_set("I6" if known else "1", "no guide here serves this transaction set", "ST", 1)
        return None

    def _follow(self, walk: SetWalk | None, number: str) -> int:
        """Read and check the segments after ST; return how many the set has."""
        source = self._source
        position = 1
        while (elements := source.next()) is not None:
            tag = elements[0]
            if tag in _ENDS_A_SET or tag[:3] == "ISA":
                source.put_back()
                break
            if source.is_odd or tag in _BUSINESS:
                self._look_at(elements, position + 1)
            if walk is not None and not source.too_long:
                position += walk.take(elements, position + 1, source)
            else:
                position += 1
            if tag == "SE":
                self._close(walk, elements, position, number)
                return position
        if walk is not None:
            walk.close(position + 1)
        self._findings.position = position + 1
        self._findings.on_set("2", "SE is missing: the transaction set breaks off", "SE")
        return position

    def _look_at(self, elements: list[str], position: int) -> None:
        """Note what only the bytes show, and the elements that name the set."""
        tag, found = elements[0], self._findings
        found.position = position
        if self._source.indented:
            found.on_segment("1", "blanks stand before the segment id", tag)
        if self._source.too_long:
            found.on_segment("8", f"it is longer than the limit of {self._context.limits.segment_bytes} bytes", tag)
        if self._source.cut_off:
            found.on_segment("8", "the file ends inside this segment", tag)
        for element in _BUSINESS.get(tag, ()):
            if element < len(elements) and elements[element]:
                self._business.setdefault(f"{tag}{element:02d}", elements[element])

    def _close(self, walk: SetWalk | None, elements: list[str], position: int, number: str) -> None:
        if walk is not None:
            walk.close(position)
        count, closing = [*elements, "", ""][1:3]
        self._findings.position = position
        if number_of(count) != position:
            self._findings.on_set("4", f"SE01 does not say {position}, the number of segments from ST to SE", "SE", 1)
        if closing.strip() != number:
            self._findings.on_set("3", "SE02 differs from ST02", "SE", 2)

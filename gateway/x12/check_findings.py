"""The findings of one transaction set: their places, severities and business units, and a limit to their number."""

from dataclasses import replace
from typing import NamedTuple

from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.x12.check_event import Severities
from gateway.x12.check_rule import Complaint, Rule
from gateway.x12.check_segment import ElementFault
from gateway.x12.check_source import Source
from gateway.x12.plan import SegmentPlan

_TOLD_IN_999 = frozenset({1, 2, 5})  # syntax, guide, code sets; what is merely odd (SNIP 3, 4) is not
# IK3 for ST and SE says less than IK5 itself: their faults are the set's (IK502).
_TRAILER_CODES = {("ST", 1): "6", ("ST", 2): "7", ("ST", 3): "19", ("SE", 1): "4", ("SE", 2): "7"}


class Findings:
    """What is found in one set. `position` is that of the segment at hand, `unit` the number of its INS or ENT loop."""

    __slots__ = (
        "_kept", "_most", "_set_type", "_severities", "_source", "_unit_start", "has_error", "has_warning", "left_out",
        "position", "unit", "unit_name",
    )  # fmt: skip

    def __init__(self, source: Source, *, most: int, severities: Severities, set_type: str) -> None:
        """Keep at most `most`; what is over it is counted."""
        self._source = source
        self._most = most
        self._severities = severities
        self._set_type = set_type
        self._kept: list[Finding] = []
        self._unit_start = 0  # the first finding of the unit
        self.position = 1
        self.unit: int | None = None
        self.unit_name = ""  # the business unit as CTX tells it; personal
        self.left_out = 0
        self.has_error = False
        self.has_warning = False  # that a 999 tells: it makes the set accepted with errors

    def on_set(self, code: str, message: str, tag: str, element: int | None = None) -> None:
        """Report IK502 `code`."""
        self._add(_Found(f"IK502:{code}", Level.SET, tag, element=element), message)

    def on_segment(self, code: str, message: str, tag: str, loop: str = "", *, position: int = 0) -> None:
        """Report IK304 `code` for the segment at hand, or for one that should stand at `position`."""
        snip = 2 if code.startswith("I") else 1
        self._add(_Found(f"IK304:{code}", Level.SEGMENT, tag, loop, snip=snip), message, position=position)

    def on_element(self, target: SegmentPlan, each: ElementFault) -> None:
        """Report one fault of an element of the segment at hand, which stands at `target`."""
        fault, tag = each.fault, target.tag
        code, level = f"IK403:{fault.code}", Level.ELEMENT
        if target.loop.depth == 0 and (tag, each.element) in _TRAILER_CODES:
            code, level = f"IK502:{_TRAILER_CODES[tag, each.element]}", Level.SET
        found = _Found(code, level, tag, target.loop.node.id, each.element, fault.severity, fault.snip)
        self._add(found, f"{each.name or f'{tag}{each.element:02d}'}: {fault.message}", fault=each)

    def on_rule(self, rule: Rule, complaint: Complaint, target: SegmentPlan) -> None:
        """Report what a rule between segments complains of."""
        tag, loop = complaint.segment or target.tag, "" if complaint.position else target.loop.node.id
        element = complaint.element or None
        found = _Found(rule.name, Level.BUSINESS, tag, loop, element, rule.severity, rule.snip)
        self._add(found, complaint.message, position=complaint.position)

    def next_unit(self, number: int | None) -> None:
        """End the unit, if there is one, and begin number `number`; None for the segments after the last.

        Its name is given to the findings inside it only now: REF*0F may stand after the segment at fault.
        """
        if self.unit_name:
            for at in range(self._unit_start, len(self._kept)):
                self._kept[at] = replace(self._kept[at], context=self.unit_name)
        self._unit_start = len(self._kept)
        self.unit_name = ""
        self.unit = number

    def sorted(self) -> tuple[Finding, ...]:
        """Return what was kept, by position; what stands on the set as a whole comes first."""
        return tuple(sorted(self._kept, key=lambda f: (f.place.position or 0) if f.level is not Level.SET else 0))

    def _add(self, found: "_Found", message: str, *, position: int = 0, fault: ElementFault | None = None) -> None:
        severity = self._severities.get(self._set_type, found.code, found.severity)
        if severity is None:
            return
        if severity is Severity.ERROR:
            self.has_error = True
        elif found.level is not Level.BUSINESS and found.snip in _TOLD_IN_999:
            self.has_warning = True
        if len(self._kept) >= self._most:
            self.left_out += 1
            return
        window, at = self._source.window, self._source.at
        place = Place(
            found.tag[:3] or None,
            position or self.position,
            found.element,
            fault.component if fault else None,
            fault.repetition if fault else None,
            found.loop or None,
            window.line(at),
            window.byte(at),
        )
        value, reference = (fault.value, fault.reference) if fault else (None, None)
        finding = Finding(found.code, found.level, message, severity, place, value, reference, found.snip, self.unit)
        self._kept.append(finding)


class _Found(NamedTuple):
    """What is known of a finding before it is weighed."""

    code: str
    level: Level
    tag: str
    loop: str = ""
    element: int | None = None
    severity: Severity = Severity.ERROR
    snip: int = 1

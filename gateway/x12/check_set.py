"""Checking one transaction set against its guide: order, counts, what is missing, and each segment's own faults."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.x12.check_event import Severities
from gateway.x12.check_rules import RULES, Complaint, Rule
from gateway.x12.check_segment import ElementFault, SegmentReader
from gateway.x12.plan import UNKNOWN, ChildPlan, GuidePlan, LoopPlan, SegmentPlan, Step, ways
from gateway.x12.check_source import Source
from gateway.x12.plan_pattern import Run, Style, late_range
from gateway.x12.plan_run import patterns_of

_RUN_BYTES = 1 << 16  # a member longer than this is read segment by segment
_TOLD_IN_999 = frozenset({1, 2, 5})  # syntax, guide, code sets; what is merely odd (SNIP 3, 4) is not
_UNITS = {"834": "INS", "820": "ENT"}
"""The loop that a set is made of; findings inside it are told with its number and, in CTX, its business unit."""

# IK3 for ST and SE says less than IK5 itself: their faults are the set's (IK502).
_TRAILER_CODES = {("ST", 1): "6", ("ST", 2): "7", ("ST", 3): "19", ("SE", 1): "4", ("SE", 2): "7"}


class Findings:
    """The findings of one set, with a limit: what is over it is counted by severity and left out."""

    __slots__ = ("_most", "has_error", "has_warning", "kept", "left_out")

    def __init__(self, most: int) -> None:
        """Keep at most `most`."""
        self._most = most
        self.kept: list[Finding] = []
        self.left_out = 0
        self.has_error = False
        self.has_warning = False  # that a 999 tells: it makes the set accepted with errors

    def add(self, finding: Finding) -> None:
        """Keep or count `finding`."""
        if finding.is_error:
            self.has_error = True
        elif finding.level is not Level.BUSINESS and finding.snip in _TOLD_IN_999:
            self.has_warning = True
        if len(self.kept) < self._most:
            self.kept.append(finding)
        else:
            self.left_out += 1

    def sorted(self) -> tuple[Finding, ...]:
        """Return what was kept, by position; what stands on the set as a whole comes first."""
        return tuple(sorted(self.kept, key=lambda f: (f.place.position or 0) if f.level is not Level.SET else 0))


class _Frame:
    """One open loop: how often each child was seen, and where first."""

    __slots__ = ("counts", "excused", "first_seen", "loop", "reported")

    def __init__(self, loop: LoopPlan) -> None:
        self.loop = loop
        self.counts = [0] * len(loop.children)
        self.reported = 0  # how many of the loop's required children have been looked after
        self.first_seen: list[tuple[int, int]] = []  # (index of the child, position in the set)
        self.excused: set[int] = set()  # stood here with a code that is no code: not missing on top of it


class SetWalk:
    """Follows one set through its guide. Feed it every segment from ST to SE, then call `close`."""

    def __init__(self, plan: GuidePlan, style: Style, findings: Findings, *, severities: Severities) -> None:
        """Start before ST. Findings go into `findings`."""
        self._plan = plan
        self._patterns = patterns_of(plan, style)
        self._reader = SegmentReader(style.marks, style.version)
        self._marks: Delimiters = style.marks
        self._findings = findings
        self._severities = severities
        self._set_type = plan.guide.set_type
        self._rules = [
            rule(style)
            for rule in RULES.get(self._set_type, ())
            if severities.get(self._set_type, rule.name, rule.severity) is not None
        ]
        self._watched = frozenset(tag for rule in self._rules for tag in rule.tags)
        self._here = plan.start
        self._frames = [_Frame(plan.root)]
        self._unit_tag = _UNITS.get(self._set_type, "")
        self._units = 0
        self._unit: int | None = None  # the number of the unit we are in
        self._unit_start = 0  # the first finding of the unit
        self._unit_name = ""

    def take(self, elements: Sequence[str], position: int, source: Source) -> int:
        """Check the next segment, just read from `source`, number `position` of the set; return how many were read.

        That is more than one where a run of whole loops was found to fit; `source` then stands behind them.
        """
        component = self._marks.component
        here = _Here(position, source)
        key = self._plan.key(elements, component)
        step = self._plan.step(self._here, key, elements, component)
        certain = step is not None
        if step is None and UNKNOWN in key:
            step = self._guess(elements, source)
        if step is None:
            self._unexpected(elements, here)
            return 1
        target = step.target
        self._move(step, here, certain=certain)
        if step.entered and target.loop.runs and (passed := self._pass_run(target.loop, source)):
            return passed
        if len(elements) == 1:
            self._segment_fault("8", f"{target.tag} has no elements", target, here)
        if not self._patterns.fits(target, source.raw):
            for each in self._reader.faults(target.node, elements):
                self._report_element(target, each, here)
        if elements[0] in self._watched:
            self._ask_rules(elements, target, here)
        self._name_unit(target, elements)
        return 1

    def begin(self, elements: Sequence[str], source: Source) -> None:
        """Check ST itself, position 1."""
        self._frames[0].counts[self._here.index] = 1
        self._frames[0].first_seen.append((self._here.index, 1))
        for each in self._reader.faults(self._here.node, elements):
            self._report_element(self._here, each, _Here(1, source))

    def close(self, position: int, source: Source) -> None:
        """Report what is missing at the end of the set; SE itself is not (its absence is IK502 2)."""
        here = _Here(position, source)
        for rule in self._rules:
            for complaint in rule.close():
                self._report_rule(rule, complaint, self._plan.start, here)
        self._end_unit()
        root = self._frames[0]
        root.excused.update(child.index for child in root.loop.children if child.first.tag == "SE")
        while self._frames:
            self._leave(self._frames.pop(), here)

    def _pass_run(self, loop: LoopPlan, source: Source) -> int:
        """Read on over repetitions of `loop` that fit; return how many segments they have, 0 for none."""
        run = self._patterns.run(loop)
        if run is None:
            return 0
        source.look_ahead(_RUN_BYTES)
        data, start = source.window.data, source.at
        found = run.pattern.match(data, start)
        first = start - len(run.end)
        if found is None or first < 0 or data[first:start] != run.end:
            return 0
        last = self._until_trouble(run, data, first, found.end() - len(run.end))
        count = data.count(run.opening, first, last)
        outer, inner = self._frames[-2:]
        if not count or outer.counts[loop.index] + count - 1 > loop.most:
            return 0
        for rule in self._rules:
            rule.skim(data, first, last)
        outer.counts[loop.index] += count - 1
        inner.reported = len(loop.required_children)
        if self._unit is not None and loop.first.tag == self._unit_tag:
            self._units += count - 1
            self._unit = self._units
        source.window.at = last + len(run.end)
        return data.count(source.terminator, start, source.window.at)

    def _until_trouble(self, run: Run, data: bytes, start: int, end: int) -> int:
        """Return where in the run `data[start:end]` the repetition begins that is not for the fast path, or `end`."""
        troubles = [rule.trouble(data, start, end) for rule in self._rules]
        troubles.append(late_range(data, start, end))
        where = min((each for each in troubles if each >= 0), default=-1)
        return end if where < 0 else data.rfind(run.opening, start, where + len(run.opening))

    def _ask_rules(self, elements: Sequence[str], target: SegmentPlan, here: "_Here") -> None:
        for rule in self._rules:
            if elements[0] in rule.tags:
                for complaint in rule.see(elements, target.loop.node.id, here.position):
                    self._report_rule(rule, complaint, target, here)

    def _report_rule(self, rule: Rule, complaint: Complaint, target: SegmentPlan, here: "_Here") -> None:
        element = complaint.element or None
        if complaint.position:
            place = Place(complaint.segment, complaint.position, element)
        else:
            place = Place(complaint.segment or target.tag, here.position, element, loop=target.loop.node.id,
                          line=here.line, byte=here.byte)  # fmt: skip
        severity = self._severities.get(self._set_type, rule.name, rule.severity)
        if severity is not None:
            self._findings.add(
                Finding(
                    rule.name, Level.BUSINESS, complaint.message, severity, place, snip=rule.snip, member=self._unit
                )
            )

    def _guess(self, elements: Sequence[str], source: Source) -> Step | None:
        """Return the likeliest way for a segment whose qualifier is no code of the guide: one fault, not a cascade.

        Of the places ahead that are not full, the one is taken into whose loop the next segment goes and at which
        the fewest other elements are wrong.
        """
        candidates = list(ways(self._here, elements[0]))
        if len(candidates) > 1:
            following = source.peek()
            candidates.sort(key=lambda step: self._strangeness(step, elements, following))
        return candidates[0] if candidates else None

    def _strangeness(self, step: Step, elements: Sequence[str], following: Sequence[str]) -> tuple[bool, bool, int]:
        component = self._marks.component
        after = self._plan.step(step.target, self._plan.key(following, component), following, component)
        leads_on = after is not None and after.keep is step.target.loop and not after.entered
        return self._is_full(step), not leads_on, sum(1 for _ in self._reader.faults(step.target.node, elements))

    def _is_full(self, step: Step) -> bool:
        child: ChildPlan = step.entered[0] if step.entered else step.target
        return self._frames[step.keep.depth].counts[child.index] >= child.most

    def _move(self, step: Step, here: "_Here", *, certain: bool) -> None:
        target, keep, entered = step
        while len(self._frames) > keep.depth + 1:
            self._leave(self._frames.pop(), here)
        frame = self._frames[keep.depth]
        child: ChildPlan = entered[0] if entered else target
        self._pass(frame, child, here)
        if not certain and not entered and not frame.counts[child.index]:
            frame.excused.add(child.index)
        else:
            self._count(frame, child, target, here)
        for number, loop in enumerate(entered):
            inner = _Frame(loop)
            self._frames.append(inner)
            below: ChildPlan = entered[number + 1] if number + 1 < len(entered) else target
            self._count(inner, below, target, here)
        self._here = target
        if entered and target.tag == self._unit_tag:
            self._end_unit()
            self._units += 1
            self._unit = self._units
        elif self._unit is not None and target.loop.depth == 0:
            self._end_unit()
            self._unit = None

    def _pass(self, frame: _Frame, until: ChildPlan, here: "_Here") -> None:
        """Report required children of `frame` before `until` that were not seen."""
        required = frame.loop.required_children
        while frame.reported < len(required) and required[frame.reported].order < until.order:
            self._look_after(frame, required[frame.reported], here)
            frame.reported += 1

    def _leave(self, frame: _Frame, here: "_Here") -> None:
        for child in frame.loop.required_children[frame.reported :]:
            self._look_after(frame, child, here)

    def _look_after(self, frame: _Frame, child: ChildPlan, here: "_Here") -> None:
        if frame.counts[child.index] or child.index in frame.excused:
            return
        # It should have stood before the first segment that comes after it in the guide.
        position = next((p for index, p in frame.first_seen if index > child.index), here.position)
        loop = child.node.id if isinstance(child, LoopPlan) else frame.loop.node.id
        tag, name = child.first.tag, child.node.name
        place = Place(tag, position, loop=loop, line=here.line, byte=here.byte)
        self._report("IK304:3", f"{tag} ({name}) is required in loop {loop} and missing", place, Level.SEGMENT)

    def _count(self, frame: _Frame, child: ChildPlan, target: SegmentPlan, here: "_Here") -> None:
        index = child.index
        frame.counts[index] += 1
        seen = frame.counts[index]
        if seen == 1:
            frame.first_seen.append((index, here.position))
        if child.node.usage == "N":
            self._segment_fault("I4", f"the guide does not use {target.tag} ({child.node.name}) here", target, here)
        elif seen > child.most:
            if isinstance(child, LoopPlan):
                message = f"loop {child.node.id} stands here {seen} times, the most is {child.most}"
                self._segment_fault("4", message, target, here)
            else:
                message = f"{target.tag} stands here {seen} times, the most is {child.most}"
                self._segment_fault("5", message, target, here)

    def _unexpected(self, elements: Sequence[str], here: "_Here") -> None:
        tag = elements[0]
        place = Place(tag[:3], here.position, loop=self._here.loop.node.id, line=here.line, byte=here.byte)
        if tag not in self._plan.tags:
            code, message = "IK304:1", "this segment id is not known in the guide"
        elif self._plan.behind(self._here, elements, self._marks.component):
            code, message = "IK304:7", f"{tag} stands after its place; it must come earlier"
        else:
            code, message = "IK304:2", f"{tag} is not expected here"
        self._report(code, message, place, Level.SEGMENT)

    def _segment_fault(self, code: str, message: str, target: SegmentPlan, here: "_Here") -> None:
        place = Place(target.tag, here.position, loop=target.loop.node.id, line=here.line, byte=here.byte)
        self._report(f"IK304:{code}", message, place, Level.SEGMENT)

    def _report_element(self, target: SegmentPlan, each: ElementFault, here: "_Here") -> None:
        place = Place(
            target.tag, here.position, each.element, each.component, each.repetition, target.loop.node.id,
            here.line, here.byte,
        )  # fmt: skip
        fault = each.fault
        name = each.name or f"{target.tag}{each.element:02d}"
        code, level = f"IK403:{fault.code}", Level.ELEMENT
        if (target.tag, each.element) in _TRAILER_CODES and target.loop.depth == 0:
            code, level = f"IK502:{_TRAILER_CODES[target.tag, each.element]}", Level.SET
        severity = self._severities.get(self._set_type, code, fault.severity)
        if severity is not None:
            self._findings.add(
                Finding(
                    code, level, f"{name}: {fault.message}", severity, place, each.value, each.reference,
                    fault.snip, self._unit,
                )
            )  # fmt: skip

    def _report(self, code: str, message: str, place: Place, level: Level) -> None:
        severity = self._severities.get(self._set_type, code, Severity.ERROR)
        if severity is not None:
            snip = 2 if code.startswith("IK304:I") else 1
            self._findings.add(Finding(code, level, message, severity, place, snip=snip, member=self._unit))

    def _name_unit(self, target: SegmentPlan, elements: Sequence[str]) -> None:
        if target.tag == "ENT" and self._unit_tag == "ENT" and len(elements) > 1:
            self._unit_name = f"ENT01:{elements[1]}"
        elif target.tag == "REF" and target.loop.first.tag == "INS" and elements[1:2] == ["0F"] and len(elements) > 2:
            self._unit_name = f"SUBSCRIBER NUMBER REF02:{elements[2]}"

    def _end_unit(self) -> None:
        """Give the unit's name to the findings inside it: REF*0F may stand after the segment at fault."""
        kept = self._findings.kept
        if self._unit_name:
            for number in range(self._unit_start, len(kept)):
                kept[number] = replace(kept[number], context=self._unit_name)
        self._unit_start = len(kept)
        self._unit_name = ""


class _Here:
    """Where in the file a segment stands; the line is worked out only for a finding."""

    __slots__ = ("_window", "byte", "position")

    def __init__(self, position: int, source: Source) -> None:
        self.position = position
        self.byte = source.window.byte(source.at)
        self._window = source.window

    @property
    def line(self) -> int:
        return self._window.line(self.byte - self._window.base)

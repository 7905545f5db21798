"""Walking one transaction set through its guide: order, counts, what is missing, and each segment's own faults."""

from collections.abc import Sequence
from functools import lru_cache

from gateway.domain.exchange import Delimiters
from gateway.x12.check_event import Severities
from gateway.x12.check_findings import Findings
from gateway.x12.check_rule import Rule, Seen, Span
from gateway.x12.check_rules import RULES
from gateway.x12.check_segment import SegmentReader
from gateway.x12.check_source import Source
from gateway.x12.plan import UNKNOWN, ChildPlan, GuidePlan, LoopPlan, SegmentPlan, Step, ways
from gateway.x12.plan_pattern import Run, Style, late_range
from gateway.x12.plan_run import patterns_of

_RUN_BYTES = 1 << 16  # a member longer than this is read segment by segment
_NOBODY: frozenset[int] = frozenset()
_UNITS = {"834": "INS", "820": "ENT"}
"""The loop that a set is made of; findings inside it are told with its number and, in CTX, its business unit."""


@lru_cache(maxsize=16)
def _reader_of(marks: Delimiters, version: str) -> SegmentReader:
    return SegmentReader(marks, version)


class _Frame:
    """One open loop: how often each child was seen, and where first."""

    __slots__ = ("counts", "excused", "first_seen", "loop", "reported")

    def __init__(self, loop: LoopPlan) -> None:
        self.loop = loop
        self.counts = [0] * len(loop.children)
        self.reported = 0  # how many of the loop's required children have been looked after
        self.first_seen: list[tuple[int, int]] = []  # (index of the child, position in the set)
        self.excused: frozenset[int] = _NOBODY  # stood here with a code that is no code: not missing on top of it


class SetWalk:
    """Follows one set through its guide. Feed it every segment from ST to SE, then call `close`."""

    def __init__(self, plan: GuidePlan, style: Style, findings: Findings, *, severities: Severities) -> None:
        """Start before ST. Findings go into `findings`."""
        set_type = plan.guide.set_type
        self._plan = plan
        self._patterns = patterns_of(plan, style)
        self._reader = _reader_of(style.marks, style.version)
        self._component = style.marks.component
        self._findings = findings
        self._rules = [
            rule(style)
            for rule in RULES.get(set_type, ())
            if severities.get(set_type, rule.name, rule.severity) is not None
        ]
        self._watching: dict[str, list[Rule]] = {}
        for rule in self._rules:
            for tag in rule.tags:
                self._watching.setdefault(tag, []).append(rule)
        self._here = plan.start
        self._frames = [_Frame(plan.root)]
        self._unit_tag = _UNITS.get(set_type, "")
        self._units = 0

    def begin(self, elements: Sequence[str]) -> None:
        """Check ST itself, position 1."""
        self._frames[0].counts[self._here.index] = 1
        self._frames[0].first_seen.append((self._here.index, 1))
        for each in self._reader.faults(self._here.node, elements):
            self._findings.on_element(self._here, each)

    def take(self, elements: Sequence[str], position: int, source: Source) -> int:
        """Check the next segment, just read from `source`, number `position` of the set; return how many were read.

        That is more than one where a run of whole loops was found to fit; `source` then stands behind them.
        """
        self._findings.position = position
        key = self._plan.key(elements, self._component)
        step = self._plan.step(self._here, key, elements, self._component)
        if step is not None:
            self._move(step)
        elif UNKNOWN in key and (step := self._guess(elements, source)) is not None:
            self._move(step, certain=False)
        else:
            self._unexpected(elements)
            return 1
        target = step.target
        if step.entered and target.loop.runs and (passed := self._pass_run(target.loop, source)):
            return passed
        if not self._patterns.fits(target, source.raw):
            self._explain(target, elements)
        if target.tag in self._watching:
            self._ask_rules(target, elements)
        if target.tag in {"REF", "ENT"}:
            self._name_unit(target, elements)
        return 1

    def _explain(self, target: SegmentPlan, elements: Sequence[str]) -> None:
        for each in self._reader.faults(target.node, elements):
            self._findings.on_element(target, each)
        if len(elements) == 1:
            self._findings.on_segment("8", f"{target.tag} has no elements", target.tag, target.loop.node.id)

    def _ask_rules(self, target: SegmentPlan, elements: Sequence[str]) -> None:
        seen = Seen(elements, target.loop.node.id, self._findings.position)
        for rule in self._watching[target.tag]:
            for complaint in rule.see(seen):
                self._findings.on_rule(rule, complaint, target)

    def close(self, position: int) -> None:
        """Report what is missing at the end of the set; SE itself is not (its absence is IK502 2)."""
        self._findings.position = position
        for rule in self._rules:
            for complaint in rule.close():
                self._findings.on_rule(rule, complaint, self._plan.start)
        root = self._frames[0]
        root.excused |= {child.index for child in root.loop.children if child.first.tag == "SE"}
        while self._frames:
            self._leave(self._frames.pop())
        self._findings.next_unit(None)

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
        span = self._until_trouble(run, Span(data, first, found.end() - len(run.end)))
        count = span.count(run.opening)
        outer, inner = self._frames[-2:]
        if not count or outer.counts[loop.index] + count - 1 > loop.most:
            return 0
        for rule in self._rules:
            rule.skim(span)
        outer.counts[loop.index] += count - 1
        inner.reported = len(loop.required_children)
        if loop.first.tag == self._unit_tag:
            self._units += count - 1
            self._findings.unit = self._units
        source.window.at = span.end + len(run.end)
        return data.count(source.terminator, start, source.window.at)

    def _until_trouble(self, run: Run, span: Span) -> Span:
        """Return `span` up to the repetition of the loop that is not for the fast path, if there is one."""
        troubles = [rule.trouble(span) for rule in self._rules]
        troubles.append(late_range(*span))
        where = min((each for each in troubles if each >= 0), default=-1)
        if where < 0:
            return span
        return span._replace(end=span.data.rfind(run.opening, span.start, where + len(run.opening)))

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
        after = self._plan.step(step.target, self._plan.key(following, self._component), following, self._component)
        leads_on = after is not None and after.keep is step.target.loop and not after.entered
        child: ChildPlan = step.entered[0] if step.entered else step.target
        is_full = self._frames[step.keep.depth].counts[child.index] >= child.most
        return is_full, not leads_on, len(self._reader.faults(step.target.node, elements))

    def _move(self, step: Step, *, certain: bool = True) -> None:
        """Go where `step` leads; report what is missing on the way and what comes too often."""
        target, keep, entered = step
        frames = self._frames
        while len(frames) > keep.depth + 1:
            self._leave(frames.pop())
        frame = frames[keep.depth]
        child: ChildPlan = entered[0] if entered else target
        required = frame.loop.required_children
        while frame.reported < len(required) and required[frame.reported].order < child.order:
            self._look_after(frame, required[frame.reported])
            frame.reported += 1
        if certain or entered or frame.counts[child.index]:
            self._count(frame, child, target)
        else:
            frame.excused |= {child.index}
        for number, loop in enumerate(entered, start=1):
            inner = _Frame(loop)
            frames.append(inner)
            self._count(inner, entered[number] if number < len(entered) else target, target)
        self._here = target
        if entered and target.tag == self._unit_tag:
            self._units += 1
            self._findings.next_unit(self._units)
        elif self._units and target.loop.depth == 0:
            self._findings.next_unit(None)

    def _leave(self, frame: _Frame) -> None:
        for child in frame.loop.required_children[frame.reported :]:
            self._look_after(frame, child)

    def _look_after(self, frame: _Frame, child: ChildPlan) -> None:
        """Report `child` if it is missing."""
        if frame.counts[child.index] or child.index in frame.excused:
            return
        # It should have stood before the first segment that comes after it in the guide.
        position = next((p for index, p in frame.first_seen if index > child.index), 0)
        loop = child.node.id if isinstance(child, LoopPlan) else frame.loop.node.id
        tag = child.first.tag
        message = f"{tag} ({child.node.name}) is required in loop {loop} and missing"
        self._findings.on_segment("3", message, tag, loop, position=position)

    def _count(self, frame: _Frame, child: ChildPlan, target: SegmentPlan) -> None:
        seen = frame.counts[child.index] = frame.counts[child.index] + 1
        if seen == 1:
            frame.first_seen.append((child.index, self._findings.position))
        if seen > child.most or child.node.usage == "N":
            self._too_often(child, target, seen)

    def _too_often(self, child: ChildPlan, target: SegmentPlan, seen: int) -> None:
        tag, loop = target.tag, target.loop.node.id
        if child.node.usage == "N":
            self._findings.on_segment("I4", f"the guide does not use {tag} ({child.node.name}) here", tag, loop)
        elif isinstance(child, LoopPlan):
            message = f"loop {child.node.id} stands here {seen} times, the most is {child.most}"
            self._findings.on_segment("4", message, tag, loop)
        else:
            self._findings.on_segment("5", f"{tag} stands here {seen} times, the most is {child.most}", tag, loop)

    def _unexpected(self, elements: Sequence[str]) -> None:
        tag, loop = elements[0], self._here.loop.node.id
        if tag not in self._plan.tags:
            self._findings.on_segment("1", "this segment id is not known in the guide", tag, loop)
        elif self._plan.behind(self._here, elements, self._component):
            self._findings.on_segment("7", f"{tag} stands after its place; it must come earlier", tag, loop)
        else:
            self._findings.on_segment("2", f"{tag} is not expected here", tag, loop)

    def _name_unit(self, target: SegmentPlan, elements: Sequence[str]) -> None:
        if target.tag == "ENT":
            self._findings.unit_name = f"ENT01:{elements[1]}" if len(elements) > 1 else ""
        elif target.loop.first.tag == "INS" and elements[1:2] == ["0F"] and len(elements) > 2:
            self._findings.unit_name = f"SUBSCRIBER NUMBER REF02:{elements[2]}"

"""Patterns at work: compiled when they have been wanted a few times, kept for the life of the process.

A file of a few members is checked before a pattern would have paid for its making; a long one pays once.
"""

from collections import Counter
from functools import lru_cache

from gateway.x12.guide import Guide
from gateway.x12.plan import GuidePlan, LoopPlan, SegmentPlan
from gateway.x12.plan_pattern import Pattern, PatternWriter, Run, Style, late_range

_SEGMENT_PAYS_AFTER = 8
_RUN_PAYS_AFTER = 32


class Patterns:
    """The patterns of one guide in one style."""

    def __init__(self, style: Style) -> None:
        """Start without any; each is made when it pays."""
        self._writer = PatternWriter(style)
        self._segments: dict[SegmentPlan, Pattern] = {}
        self._runs: dict[LoopPlan, Run] = {}
        self._wanted: Counter[SegmentPlan | LoopPlan] = Counter()

    def fits(self, plan: SegmentPlan, raw: bytes) -> bool:
        """Whether the raw segment is known to be free of findings at `plan`; False where it has to be looked at."""
        pattern = self._segments.get(plan)
        if pattern is None:
            if not self._pays(plan, _SEGMENT_PAYS_AFTER):
                return False
            pattern = self._segments[plan] = self._writer.segment(plan)
        return pattern.fullmatch(raw) is not None and (b"RD8" not in raw or late_range(raw, 0, len(raw)) < 0)

    def run(self, loop: LoopPlan) -> Run | None:
        """Return the pattern of runs of `loop`, or None while it does not pay."""
        run = self._runs.get(loop)
        if run is None and self._pays(loop, _RUN_PAYS_AFTER):
            run = self._runs[loop] = self._writer.run(loop)
        return run

    def _pays(self, plan: SegmentPlan | LoopPlan, after: int) -> bool:
        self._wanted[plan] += 1
        return self._wanted[plan] > after


@lru_cache(maxsize=64)
def plan_of(guide: Guide) -> GuidePlan:
    """Return the plan of `guide`, made once."""
    return GuidePlan(guide)


@lru_cache(maxsize=32)
def patterns_of(plan: GuidePlan, style: Style) -> Patterns:  # noqa: ARG001 - part of the key under which they are kept
    """Return the patterns of `plan` in `style`; those of the styles used last are kept."""
    return Patterns(style)

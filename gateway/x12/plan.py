"""Plans: guides compiled for running. A plan answers where a segment belongs and whether it fits there.

From every place in a guide the plan looks ahead as the standard reads: first in the same loop at the same or a later
position, then around the enclosing loops. Answers are remembered, so that each question is worked out only once.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from gateway.x12.guide import UNLIMITED, CompositeNode, ElementNode, Guide, LoopNode, Order, SegmentNode

UNKNOWN = "?"
"""Stands in a key for a qualifier that no node of the guide knows."""
_MANY = 10_000
_QUALIFIER_PLACES = {"ENT": 2, "HL": 3}  # every other tag is told apart by element 01


class Qualifier(NamedTuple):
    """The codes that tell nodes of one tag apart, and where they stand; component 0 is the whole element."""

    element: int
    component: int
    codes: frozenset[str]


class SegmentPlan:
    """One segment of a guide, placed in its loop. `index` is its place among the loop's children."""

    __slots__ = ("index", "loop", "most", "node", "order", "qualifier", "required", "steps", "tag")

    def __init__(self, node: SegmentNode, loop: "LoopPlan", index: int) -> None:
        """Take the guide's node and where it stands."""
        self.node = node
        self.tag = node.tag
        self.loop = loop
        self.index = index
        self.order: Order = node.order
        self.most = node.max_use
        self.required = node.usage == "R"
        self.qualifier = _qualifier(node)
        self.steps: dict[str, Step | None] = {}

    @property
    def first(self) -> "SegmentPlan":
        """Itself: what a finding about a missing child is put on."""
        return self


class LoopPlan:
    """One loop of a guide with its children in order; `depth` is 0 for the loop of the transaction set.

    `runs` marks the outermost loops that are repeated without end, members and remittances: those come in masses.
    """

    __slots__ = (
        "children", "depth", "index", "most", "node", "order", "parent", "required", "required_children", "runs",
    )  # fmt: skip

    def __init__(self, node: LoopNode, parent: "LoopPlan | None", index: int) -> None:
        """Take the guide's node and plan everything below it."""
        self.node = node
        self.parent = parent
        self.index = index
        self.depth: int = parent.depth + 1 if parent else 0
        self.order: Order = node.order
        self.most = node.repeat if parent else UNLIMITED
        self.required = node.usage == "R"
        self.runs = parent is not None and self.most >= _MANY and not parent.within_run
        self.children: tuple[ChildPlan, ...] = tuple(
            LoopPlan(child, self, number) if isinstance(child, LoopNode) else SegmentPlan(child, self, number)
            for number, child in enumerate(node.children)
        )
        self.required_children = tuple(child for child in self.children if child.required)

    @property
    def within_run(self) -> bool:
        """Whether this loop or one around it is checked in runs."""
        return self.runs or (self.parent is not None and self.parent.within_run)

    @property
    def first(self) -> SegmentPlan:
        """The segment that opens the loop."""
        return self.children[0].first

    def segments(self) -> Iterator[SegmentPlan]:
        """Yield every segment of this loop and of those inside it, in order."""
        for child in self.children:
            if isinstance(child, LoopPlan):
                yield from child.segments()
            else:
                yield child


ChildPlan: TypeAlias = SegmentPlan | LoopPlan


class Step(NamedTuple):
    """The way to a segment: back to `keep`, through the loops `entered`, outermost first, to `target`."""

    target: SegmentPlan
    keep: LoopPlan
    entered: tuple[LoopPlan, ...]


class GuidePlan:
    """A guide ready to run. `start` is where every set begins: its ST segment."""

    def __init__(self, guide: Guide) -> None:
        """Plan `guide`."""
        self.guide = guide
        self.root = LoopPlan(guide.root, None, 0)
        self.start = self.root.first
        self._qualifiers: dict[str, dict[tuple[int, int], frozenset[str]]] = {}
        self.tags: set[str] = set()
        for segment in self.root.segments():
            self.tags.add(segment.tag)
            if segment.qualifier is not None:
                element, component, codes = segment.qualifier
                places = self._qualifiers.setdefault(segment.tag, {})
                places[element, component] = places.get((element, component), frozenset()) | codes

    def key(self, elements: Sequence[str], component: str) -> str:
        """Return what nodes are told apart by: the tag, and its qualifier where the guide knows that code."""
        tag = elements[0]
        places = self._qualifiers.get(tag)
        if places is None:
            return tag
        key = tag
        for (element, part), codes in places.items():
            value = elements[element] if element < len(elements) else ""
            if part:
                value = value.partition(component)[0]
            key = f"{key}*{value}" if value in codes else f"{key}*{UNKNOWN}"
        return key

    def step(self, here: SegmentPlan, key: str, elements: Sequence[str], component: str) -> Step | None:
        """Return the way from `here` to where the segment belongs by tag and qualifier, or None: nowhere ahead."""
        try:
            return here.steps[key]
        except KeyError:
            found = next((s for s in ways(here, elements[0]) if matches(s.target, elements, component)), None)
            here.steps[key] = found
            return found

    def behind(self, here: SegmentPlan, elements: Sequence[str], component: str) -> bool:
        """Whether the segment belongs to a place of the loops around `here` that has been passed already."""
        loop: LoopPlan | None = here.loop
        while loop is not None:
            for child in loop.children:
                if child.first.tag == elements[0] and matches(child.first, elements, component):
                    return True
            loop = loop.parent
        return False


def ways(here: SegmentPlan, tag: str) -> Iterator[Step]:
    """Yield the ways from `here` to every segment `tag` that may stand ahead, nearest first."""
    loop: LoopPlan | None = here.loop
    order = here.order
    while loop is not None:
        for child in loop.children:
            if child.order < order or child.first.tag != tag:
                continue
            if isinstance(child, LoopPlan):
                yield Step(child.first, loop, _entries(child))
            elif child.index == 0 and loop.parent is not None:
                yield Step(child, loop.parent, (loop,))  # a loop's first segment always opens it anew
            else:
                yield Step(child, loop, ())
        order, loop = loop.order, loop.parent


def matches(plan: SegmentPlan, elements: Sequence[str], component: str) -> bool:
    """Whether the segment's qualifier is one of the plan's; a plan without qualifier takes any."""
    if plan.qualifier is None:
        return True
    element, part, codes = plan.qualifier
    value = elements[element] if element < len(elements) else ""
    return (value.partition(component)[0] if part else value) in codes


def _entries(loop: LoopPlan) -> tuple[LoopPlan, ...]:
    first = loop.children[0]
    return (loop, *_entries(first)) if isinstance(first, LoopPlan) else (loop,)


def _qualifier(node: SegmentNode) -> Qualifier | None:
    """Return what tells this node apart: as in pyx12, ID codes of element 01, ENT02, HL03 or a first component."""
    parts = {part.sequence: part for part in node.elements}
    first = parts.get(1)
    if isinstance(first, ElementNode) and first.usage == "R" and _tells_apart(first):
        return Qualifier(1, 0, first.codes)
    place = _QUALIFIER_PLACES.get(node.tag)
    if place is not None:
        other = parts.get(place)
        if isinstance(other, ElementNode) and _tells_apart(other):
            return Qualifier(place, 0, other.codes)
    if isinstance(first, CompositeNode) and first.components:
        inner = first.components[0]
        if inner.codes and not inner.external and (inner.data.type == "ID" or node.tag == "CTX"):
            return Qualifier(1, 1, inner.codes)
    return None


def _tells_apart(element: ElementNode) -> bool:
    return element.data.type == "ID" and bool(element.codes) and not element.external

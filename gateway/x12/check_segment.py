"""What is wrong inside one segment: the slow path, entered only for a segment that its plan's pattern refuses."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.domain.exchange import Delimiters
from gateway.x12.check_value import DATE_FORMATS, Fault, faults_of
from gateway.x12.guide import CompositeNode, ElementNode, SegmentNode, SyntaxNote

_REMEMBERED, _REMEMBERED_LENGTH = 4096, 12
_FORMAT_ELEMENT, _VALUE_ELEMENT = "1250", "1251"


class ElementFault(NamedTuple):
    """One fault of an element and where in the segment it is; `element` and the rest are 1-based."""

    element: int
    component: int | None
    repetition: int | None
    fault: Fault
    name: str
    value: str | None
    reference: int | None


class SegmentReader:
    """Reads segments against their nodes. Short values found right at a node are remembered."""

    def __init__(self, marks: Delimiters, version: str) -> None:
        """Take how the segments are written: delimiters and version (ISA12)."""
        self._component = marks.component
        self._repetition = marks.repetition
        self._version = version
        self._right: set[tuple[ElementNode | CompositeNode, str, str]] = set()

    def faults(self, node: SegmentNode, elements: Sequence[str]) -> list[ElementFault]:
        """Return every fault of the segment whose `elements` (the tag first) should fit `node`, by element."""
        found = _count_faults(node, elements)
        for part in node.elements:
            value = elements[part.sequence] if part.sequence < len(elements) else ""
            if value:
                found += self._value_faults(part, value, _format_for(node, part, elements))
            elif part.usage == "R":
                found.append(_at(part, Fault("1", "it is required and missing"), None))
        for note in node.notes:
            found += _note_faults(note, node, elements)
        return sorted(found, key=lambda each: each.element)

    def _value_faults(self, node: ElementNode | CompositeNode, value: str, date_format: str) -> list[ElementFault]:
        known = (node, value, date_format)
        if known in self._right:
            return []
        faults = [*self._find_faults(node, value, date_format)]
        if not faults and len(value) <= _REMEMBERED_LENGTH:
            if len(self._right) >= _REMEMBERED:
                self._right.clear()
            self._right.add(known)
        return faults

    def _find_faults(self, node: ElementNode | CompositeNode, value: str, date_format: str) -> Iterator[ElementFault]:
        if isinstance(node, CompositeNode) and not value.strip(self._component + self._repetition):
            if node.usage == "R":
                yield _at(node, Fault("1", "it is required and missing"), None)
            return
        if node.usage == "N":
            yield _at(node, Fault("I10", "the guide does not use it; leave it empty", snip=2), value)
            return
        repeated = value.split(self._repetition) if self._repetition else [value]
        if len(repeated) > node.repeat:
            message = f"it is repeated {len(repeated)} times, the most is {node.repeat}"
            yield _at(node, Fault("12", message), value)
        for number, each in enumerate(repeated, start=1):
            repetition = number if len(repeated) > 1 else None
            if isinstance(node, CompositeNode):
                yield from self._composite_faults(node, each, repetition)
            elif self._component in each:
                message = "it holds the component separator, but has no components"
                yield _at(node, Fault("6", message), each, repetition)
            elif each:
                for fault in faults_of(node, each, version=self._version, date_format=date_format):
                    yield _at(node, fault, each, repetition)

    def _composite_faults(self, node: CompositeNode, value: str, repetition: int | None) -> Iterator[ElementFault]:
        components = value.split(self._component)
        if len(components) > len(node.components):
            message = f"it has {len(components)} components, the most is {len(node.components)}"
            yield _at(node, Fault("13", message), value, repetition)
        for part in node.components:
            said = components[part.sequence - 1] if part.sequence <= len(components) else ""
            for fault in self._component_faults(node, part, said):
                name = f"component {part.sequence}, {part.name}"
                yield ElementFault(
                    node.sequence, part.sequence, repetition, fault, name, said or None, part.data.reference
                )

    def _component_faults(self, node: CompositeNode, part: ElementNode, value: str) -> Iterator[Fault]:
        if value and part.usage == "N":
            yield Fault("I10", "the guide does not use it; leave it empty", snip=2)
        elif value:
            yield from faults_of(part, value, version=self._version)
        elif part.usage == "R" and (part.sequence != 1 or node.usage == "R"):
            # A first component may stay empty in a composite that is itself not required, as in pyx12.
            yield Fault("1", "it is required and missing")


def _at(
    node: ElementNode | CompositeNode, fault: Fault, value: str | None, repetition: int | None = None
) -> ElementFault:
    reference = node.data.reference if isinstance(node, ElementNode) else None
    return ElementFault(node.sequence, None, repetition, fault, f"{node.id} {node.name}", value, reference)


def _count_faults(node: SegmentNode, elements: Sequence[str]) -> list[ElementFault]:
    most = node.elements[-1].sequence if node.elements else 0
    if len(elements) - 1 > most:
        fault = Fault("3", f"the segment has more elements than the {most} of the guide")
        return [ElementFault(most + 1, None, None, fault, "", elements[most + 1] or None, None)]
    if len(elements) > 1 and not elements[-1]:
        fault = Fault("3", "the segment ends with an element separator; empty elements at its end are left out")
        return [ElementFault(len(elements) - 1, None, None, fault, "", None, None)]
    return []


def _format_for(node: SegmentNode, part: ElementNode | CompositeNode, elements: Sequence[str]) -> str:
    """Return how element 1251 is written here, as the element 1250 before it says; empty where that is not known."""
    if isinstance(part, CompositeNode) or part.data.number != _VALUE_ELEMENT:
        return ""
    for other in reversed(node.elements[: part.sequence - 1]):
        if isinstance(other, ElementNode) and other.data.number == _FORMAT_ELEMENT:
            said = elements[other.sequence] if other.sequence < len(elements) else ""
            return said if said in DATE_FORMATS else ""
    return ""


def _note_faults(note: SyntaxNote, node: SegmentNode, elements: Sequence[str]) -> Iterator[ElementFault]:
    present = [n for n in note.elements if n < len(elements) and elements[n]]
    if not present and note.kind != "R":
        return
    missing = [n for n in note.elements if n not in present]
    names = ", ".join(f"{node.tag}{n:02d}" for n in note.elements)
    first = note.elements[0]
    code, at = "2", 0
    if note.kind == "P" and present and missing:
        at, message = missing[0], f"of {names} all or none must be sent"
    elif note.kind == "R" and not present:
        at, message = first, f"of {names} one at least must be sent"
    elif note.kind == "E" and len(present) > 1:
        code, at, message = "10", present[1], f"of {names} one at most may be sent"
    elif note.kind == "C" and first in present and missing:
        at, message = missing[0], f"it must be sent because {node.tag}{first:02d} is"
    elif note.kind == "L" and present == [first]:
        at, message = note.elements[1], f"one of {names} must be sent with {node.tag}{first:02d}"
    if at:
        part = next((each for each in node.elements if each.sequence == at), None)
        reference = part.data.reference if isinstance(part, ElementNode) else None
        value = elements[at] if code == "10" else None
        name = f"{node.tag}{at:02d}" + (f" {part.name}" if part else "")
        yield ElementFault(at, None, None, Fault(code, message), name, value, reference)

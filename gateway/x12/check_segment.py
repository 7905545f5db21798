"""What is wrong inside one segment: the slow path, entered only for a segment that its plan's pattern refuses."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.domain.exchange import Delimiters
from gateway.x12.check_value import DATE_FORMATS, Fault, faults_of
from gateway.x12.guide import CompositeNode, ElementNode, SegmentNode, SyntaxNote

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


class SegmentReader(NamedTuple):
    """How the segments of one interchange are written: its delimiters and its version (ISA12)."""

    marks: Delimiters
    version: str

    def faults(self, node: SegmentNode, elements: Sequence[str]) -> Iterator[ElementFault]:
        """Yield every fault of the segment whose `elements` (the tag first) should fit `node`, by element."""
        found = [*self._count_faults(node, elements)]
        for part in node.elements:
            value = elements[part.sequence] if part.sequence < len(elements) else ""
            if not value and part.usage != "R":
                continue
            if isinstance(part, CompositeNode):
                found += self._composite_faults(part, value)
            else:
                found += self._element_faults(part, value, _format_for(node, part, elements))
        for note in node.notes:
            found += _note_faults(note, node, elements)
        yield from sorted(found, key=lambda each: each.element)

    def _count_faults(self, node: SegmentNode, elements: Sequence[str]) -> Iterator[ElementFault]:
        most = node.elements[-1].sequence if node.elements else 0
        if len(elements) - 1 > most:
            fault = Fault("3", f"the segment has more elements than the {most} of the guide")
            yield ElementFault(most + 1, None, None, fault, "", elements[most + 1] or None, None)
        elif len(elements) > 1 and not elements[-1]:
            fault = Fault("3", "the segment ends with an element separator; empty elements at its end are left out")
            yield ElementFault(len(elements) - 1, None, None, fault, "", None, None)

    def _element_faults(self, node: ElementNode, value: str, date_format: str) -> Iterator[ElementFault]:
        def at(fault: Fault, value: str | None, repetition: int | None = None) -> ElementFault:
            return ElementFault(
                node.sequence, None, repetition, fault, f"{node.id} {node.name}", value, node.data.reference
            )

        if not value:
            yield at(Fault("1", "it is required and missing"), None)
            return
        if node.usage == "N":
            yield at(Fault("I10", "the guide does not use it; leave it empty", snip=2), value)
            return
        repeated = value.split(self.marks.repetition) if self.marks.repetition else [value]
        if len(repeated) > node.repeat:
            yield at(Fault("12", f"it is repeated {len(repeated)} times, the most is {node.repeat}"), value)
        for number, each in enumerate(repeated, start=1):
            repetition = number if len(repeated) > 1 else None
            if self.marks.component and self.marks.component in each:
                yield at(Fault("6", "it holds the component separator, but has no components"), each, repetition)
            elif each:
                for fault in faults_of(node, each, version=self.version, date_format=date_format):
                    yield at(fault, each, repetition)

    def _composite_faults(self, node: CompositeNode, value: str) -> Iterator[ElementFault]:
        def at(fault: Fault, value: str | None, repetition: int | None = None) -> ElementFault:
            reference = int(node.number) if node.number.isdigit() else None
            name = f"{node.id} {node.name}"
            return ElementFault(node.sequence, None, repetition, fault, name, value, reference)

        filled = bool(value.strip((self.marks.component or "") + (self.marks.repetition or "")))
        if not filled:
            if node.usage == "R":
                yield at(Fault("1", "it is required and missing"), None)
            return
        if node.usage == "N":
            yield at(Fault("I10", "the guide does not use it; leave it empty", snip=2), value)
            return
        repeated = value.split(self.marks.repetition) if self.marks.repetition else [value]
        if len(repeated) > node.repeat:
            yield at(Fault("12", f"it is repeated {len(repeated)} times, the most is {node.repeat}"), value)
        for number, each in enumerate(repeated, start=1):
            repetition = number if len(repeated) > 1 else None
            components = each.split(self.marks.component)
            if len(components) > len(node.components):
                fault = Fault("13", f"it has {len(components)} components, the most is {len(node.components)}")
                yield at(fault, each, repetition)
            yield from self._component_faults(node, components, repetition)

    def _component_faults(
        self, node: CompositeNode, components: Sequence[str], repetition: int | None
    ) -> Iterator[ElementFault]:
        for part in node.components:
            value = components[part.sequence - 1] if part.sequence <= len(components) else ""
            if value and part.usage == "N":
                faults = [Fault("I10", "the guide does not use it; leave it empty", snip=2)]
            elif value:
                faults = list(faults_of(part, value, version=self.version))
            else:
                # A first component may stay empty in a composite that is itself not required, as in pyx12.
                required = part.usage == "R" and (part.sequence != 1 or node.usage == "R")
                faults = [Fault("1", "it is required and missing")] if required else []
            for fault in faults:
                yield ElementFault(
                    node.sequence, part.sequence, repetition, fault, f"{node.id}-{part.sequence} {part.name}",
                    value or None, part.data.reference,
                )  # fmt: skip


def _format_for(node: SegmentNode, part: ElementNode, elements: Sequence[str]) -> str:
    """Return how element 1251 is written here, as the element 1250 before it says; empty where that is not known."""
    if part.data.number != _VALUE_ELEMENT:
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

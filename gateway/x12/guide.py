"""Guides: implementation guides as trees of loops, segments and elements. The one door to pyx12 and its maps.

pyx12 is our authority for what a guide says; only its files are used, never its code. Our own guides and the
corrections to pyx12's lie in the home's `mappings/guides/`, in the same XML form:

    maps.xml, dataele.xml, codes.xml   pyx12's index, data elements and external code lists (ours are laid over them)
    *.xml with <transaction>           one guide each; ours say by the codes of ISA12, GS01, GS08 and ST01 what for
    overlay.xml                        corrections to pyx12's guides and code lists, each with its reason
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

import pyx12
from lxml import etree

from gateway.domain.mistake import Mistake
from gateway.errors import ConfigurationError

UNLIMITED = 1 << 30
"""The greatest count: what the maps write as `>1`."""

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
_OVERLAY, _INDEX, _ELEMENTS, _CODES = "overlay.xml", "maps.xml", "dataele.xml", "codes.xml"
_NOT_GUIDES = frozenset({_OVERLAY, _INDEX, _ELEMENTS, _CODES})
_NOTE_KINDS = frozenset("PRECL")


@dataclass(frozen=True, slots=True)
class DataElement:
    """A data element of the dictionary: its number, type (AN, ID, DT, TM, R, N0 …) and lengths."""

    number: str
    type: str
    min: int
    max: int

    @property
    def reference(self) -> int | None:
        """The number as IK402 carries it, or None for the elements of the envelope (`I05`)."""
        return int(self.number) if self.number.isdigit() else None


@dataclass(frozen=True, slots=True, eq=False)
class ElementNode:
    """A simple element at its place in a guide. `codes` holds the guide's and the external codes; empty: any."""

    id: str
    sequence: int
    name: str
    usage: str  # R, S or N
    data: DataElement
    codes: frozenset[str]
    external: bool  # whether the codes come from an external list
    repeat: int
    pattern: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CompositeNode:
    """A composite element at its place in a guide."""

    id: str
    sequence: int
    name: str
    usage: str
    number: str
    components: tuple[ElementNode, ...]
    repeat: int


@dataclass(frozen=True, slots=True)
class SyntaxNote:
    """A relation between elements: P all or none, R one at least, E one at most, C and L first needs the others."""

    kind: str
    elements: tuple[int, ...]


Order: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentNode:
    """A segment at its place in a guide. Nodes of one loop with equal `order` may come in any order."""

    tag: str
    name: str
    usage: str
    order: Order
    max_use: int
    notes: tuple[SyntaxNote, ...]
    elements: tuple[ElementNode | CompositeNode, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LoopNode:
    """A loop of a guide; its children are sorted by `order`. Wrappers (header, detail) are dissolved into theirs."""

    id: str
    name: str
    usage: str
    order: Order
    repeat: int
    children: tuple["SegmentNode | LoopNode", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """One implementation guide. `root` is the ST loop, or the ISA loop of a guide without sets (TA1)."""

    id: str
    set_type: str
    version: str
    functional_id: str
    source: str
    title: str
    digest: str
    root: LoopNode


@dataclass(frozen=True, slots=True)
class GuideInfo:
    """A line of the list of guides: `id` is GS08, `version` ISA12, `source` where its file comes from."""

    id: str
    set_type: str
    version: str
    source: str
    title: str


@dataclass(frozen=True, slots=True)
class _Entry:
    version: str
    functional_id: str
    guide: str
    set_type: str  # empty where the index does not say: pyx12's
    path: Path
    source: str


class GuideLibrary:
    """All guides there are: pyx12's, with our corrections and our own laid over them; each is loaded when asked for."""

    def __init__(self, folder: Path | None) -> None:
        """Take the home's `mappings/guides`, or None for pyx12's guides alone."""
        self._folder = folder if folder is not None and folder.is_dir() else None
        self._pyx12 = Path(str(files(pyx12))) / "map"
        self._loaded: dict[_Entry, tuple[Guide, ...]] = {}

    def find(self, version: str, functional_id: str, guide: str, set_type: str) -> Guide | None:
        """Return the guide for ISA12, GS01, GS08 (or ST03) and ST01, or None when we have none.

        GS08 names the release; an envelope of another version (ISA12) may carry it all the same. The TA1 guide, which
        no group carries, is found by the set type alone: `find(version, "", "", "TA1")`.
        """
        fitting = [e for e in self._entries if (e.functional_id, e.guide) == (functional_id, guide)]
        for entry in sorted(fitting, key=lambda each: each.version != version):
            for found in self._load(entry):
                if found.set_type == set_type:
                    return found
        return None

    def knows(self, functional_id: str, guide: str = "") -> bool:
        """Whether any guide serves GS01, or GS01 with GS08: the difference between AK905 1 and 2."""
        return any(e.functional_id == functional_id and guide in ("", e.guide) for e in self._entries)

    def check(self) -> "list[Mistake]":
        """Return every file of the home's folder that is no XML that can be read."""
        if self._folder is None:
            return []
        mistakes = []
        for path in sorted(self._folder.glob("*.xml")):
            try:
                _parse(path)
            except ConfigurationError as error:
                mistakes.append(Mistake(f"mappings/guides/{path.name}", "", str(error), error.hint))
        return mistakes

    def list(self) -> "list[GuideInfo]":
        """Return every guide once with its source, sorted by set type, version and id."""
        infos: dict[tuple[str, str], GuideInfo] = {}
        for entry in self._entries:
            for each in self._load(entry):
                # A file for several versions is listed with the one that GS08 names.
                if (each.id, each.set_type) not in infos or each.id.startswith(f"0{each.version[1:]}0"):
                    info = GuideInfo(each.id, each.set_type, each.version, each.source, each.title)
                    infos[each.id, each.set_type] = info
        return sorted(infos.values(), key=lambda info: (info.set_type, info.version, info.id))

    @cached_property
    def _entries(self) -> tuple[_Entry, ...]:
        # Ours come first: a guide of the home stands in for pyx12's of the same name.
        entries = [entry for path in self._own_files for entry in _describe(path)]
        for version in _parse(self._pyx12 / _INDEX).iter("version"):
            for each in version.iter("map"):
                if each.get("vriic") and each.text:
                    path = self._pyx12 / each.text.strip()
                    entries.append(
                        _Entry(version.get("icvn", ""), each.get("fic", ""), each.get("vriic", ""), "", path, "pyx12")
                    )
        return tuple(entries)

    @cached_property
    def _own_files(self) -> tuple[Path, ...]:
        if self._folder is None:
            return ()
        return tuple(sorted(path for path in self._folder.glob("*.xml") if path.name not in _NOT_GUIDES))

    @cached_property
    def _elements(self) -> dict[str, DataElement]:
        known: dict[str, DataElement] = {}
        for root in self._layers(_ELEMENTS):
            for each in root.iter("data_ele"):
                number = each.get("ele_num", "")
                known[number] = DataElement(
                    number, each.get("data_type", ""), int(each.get("min_len", "0")), int(each.get("max_len", "0"))
                )
        return known

    @cached_property
    def _code_lists(self) -> dict[str, frozenset[str]]:
        lists: dict[str, frozenset[str]] = {}
        for root in self._layers(_CODES):
            for each in root.iter("codeset"):
                lists[_text(each, "id")] = frozenset(code.text or "" for code in each.iter("code"))
        for change in self._overlay.iter("codes"):
            name = change.get("list", "")
            lists[name] = lists.get(name, frozenset()) | {code.text or "" for code in change.iter("code")}
        return lists

    @cached_property
    def _overlay(self) -> etree._Element:
        path = self._folder / _OVERLAY if self._folder else None
        return _parse(path) if path is not None and path.is_file() else etree.Element("overlay")

    def _layers(self, name: str) -> tuple[etree._Element, ...]:
        folders = [self._pyx12, *([self._folder] if self._folder else [])]
        return tuple(_parse(folder / name) for folder in folders if (folder / name).is_file())

    @cached_property
    def _dictionary_digest(self) -> bytes:
        parts = [self._pyx12 / _ELEMENTS, self._pyx12 / _CODES]
        parts += [self._folder / name for name in (_ELEMENTS, _CODES, _OVERLAY)] if self._folder else []
        return b"".join(hashlib.sha256(path.read_bytes()).digest() for path in parts if path.is_file())

    def _load(self, entry: _Entry) -> tuple[Guide, ...]:
        """Return the guides of `entry`: one per set type that its file is for."""
        if entry not in self._loaded:
            root = _parse(entry.path)
            for change in self._overlay.iter("change"):
                if change.get("file") == entry.path.name:
                    _correct(root, change)
            content = hashlib.sha256(entry.path.read_bytes() + self._dictionary_digest).hexdigest()
            top = root.find(".//loop[@xid='ST_LOOP']")
            top = top if top is not None else root.find("loop")
            tree = _Builder(self._elements, self._code_lists).loop(top)
            set_types = [entry.set_type] if entry.set_type else _codes(root, "ST", "ST01")
            self._loaded[entry] = tuple(
                Guide(entry.guide, set_type, entry.version, entry.functional_id, entry.source, _text(root, "name"),
                      content, tree)
                for set_type in set_types
            )  # fmt: skip
        return self._loaded[entry]


def _describe(path: Path) -> list[_Entry]:
    """Return what a guide file says it is for: every ISA12, GS01, GS08 and ST01 among its codes."""
    root = _parse(path)
    kind = root.get("xid", "")  # of a guide without sets: TA1
    return [
        _Entry(version, functional_id, guide, set_type or kind, path, f"mappings/guides/{path.name}")
        for version in _codes(root, "ISA", "ISA12")
        for functional_id in _codes(root, "GS", "GS01")
        for guide in _codes(root, "GS", "GS08")
        for set_type in _codes(root, "ST", "ST01")
    ]


def _codes(root: etree._Element, tag: str, xid: str) -> list[str]:
    node = root.find(f".//segment[@xid='{tag}']/element[@xid='{xid}']/valid_codes")
    return [code.text or "" for code in node.iter("code")] if node is not None else [""]


def _correct(root: etree._Element, change: etree._Element) -> None:
    """Apply one correction of the overlay where its path points: set child elements' texts, or add codes."""
    for node in root.iterfind(change.get("at", "")):
        for wanted in change:
            if wanted.tag == "code":
                etree.SubElement(_child(node, "valid_codes"), "code").text = wanted.text
            else:
                _child(node, str(wanted.tag)).text = wanted.text


def _child(node: etree._Element, tag: str) -> etree._Element:
    found = node.find(tag)
    return found if found is not None else etree.SubElement(node, tag)


class _Builder:
    """Turns the XML of one guide into nodes."""

    def __init__(self, elements: dict[str, DataElement], lists: dict[str, frozenset[str]]) -> None:
        self._elements = elements
        self._lists = lists

    def loop(self, xml: etree._Element | None, order: Order = ()) -> LoopNode:
        """Return the tree below the `<loop>` given; an empty one for none."""
        if xml is None:
            return LoopNode("", "", "S", order, UNLIMITED, ())
        repeat = _count(_field(xml, "repeat"))
        usage, name = _field(xml, "usage"), _field(xml, "name")
        return LoopNode(xml.get("xid", ""), name, usage, order, repeat, self._children(xml, ()))

    def _children(self, xml: etree._Element, prefix: Order) -> tuple[SegmentNode | LoopNode, ...]:
        children: list[SegmentNode | LoopNode] = []
        # Loops before segments of the same position, as pyx12 looks at them.
        for each in xml.findall("loop"):
            order = (*prefix, int(_field(each, "pos")))
            usage = _field(each, "usage")
            if each.get("type") == "wrapper":
                children += [] if usage == "N" else self._children(each, order)
            else:
                children.append(self.loop(each, order))
        children += [self._segment(each, prefix) for each in xml.findall("segment")]
        return tuple(sorted(children, key=lambda child: child.order))

    def _segment(self, xml: etree._Element, prefix: Order) -> SegmentNode:
        parts: list[ElementNode | CompositeNode] = [self._element(each) for each in xml.findall("element")]
        parts += [self._composite(each) for each in xml.findall("composite")]
        notes = (each.text or "" for each in xml.findall("syntax"))
        return SegmentNode(
            tag=xml.get("xid", ""),
            name=_field(xml, "name"),
            usage=_field(xml, "usage"),
            order=(*prefix, int(_field(xml, "pos"))),
            max_use=_count(_field(xml, "max_use")),
            notes=tuple(_note(each) for each in notes if len(each) >= 5 and each[0] in _NOTE_KINDS),
            elements=tuple(sorted(parts, key=lambda part: part.sequence)),
        )

    def _composite(self, xml: etree._Element) -> CompositeNode:
        return CompositeNode(
            id=xml.get("xid") or _field(xml, "refdes"),
            sequence=int(_field(xml, "seq")),
            name=_field(xml, "name"),
            usage=_field(xml, "usage"),
            number=_field(xml, "data_ele"),
            components=tuple(sorted((self._element(e) for e in xml.findall("element")), key=lambda e: e.sequence)),
            repeat=_count(_field(xml, "repeat") or "1"),
        )

    def _element(self, xml: etree._Element) -> ElementNode:
        valid = xml.find("valid_codes")
        external = (valid.get("external") or "") if valid is not None else ""
        codes = frozenset(code.text or "" for code in valid.iter("code")) if valid is not None else frozenset()
        number = _field(xml, "data_ele")
        return ElementNode(
            id=xml.get("xid", ""),
            sequence=int(_field(xml, "seq")),
            name=_field(xml, "name"),
            usage=_field(xml, "usage"),
            data=self._elements.get(number) or DataElement(number, "AN", 1, 1 << 20),
            codes=codes | self._lists.get(external, frozenset()),
            external=bool(external),
            repeat=_count(_field(xml, "repeat") or "1"),
            pattern=_field(xml, "regex"),
        )


def _parse(path: Path) -> etree._Element:
    """Return the root of a guide file; raises ConfigurationError when it is no XML."""
    try:
        return etree.parse(str(path), _PARSER).getroot()
    except etree.XMLSyntaxError as error:
        raise ConfigurationError(
            f"the guide {path.name} is no XML, line {error.lineno}",
            hint="correct that line, or copy the file again",
        ) from None


def _text(xml: etree._Element, tag: str) -> str:
    return (xml.findtext(tag) or "").strip()


def _field(xml: etree._Element, name: str) -> str:
    # The maps write most facts as child elements, some as attributes.
    return xml.get(name) or _text(xml, name)


def _count(text: str) -> int:
    return int(text) if text.isdigit() else UNLIMITED


def _note(text: str) -> SyntaxNote:
    digits = text[1:]
    return SyntaxNote(text[0], tuple(int(digits[i : i + 2]) for i in range(0, len(digits) - 1, 2)))

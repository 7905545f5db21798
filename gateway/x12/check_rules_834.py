"""Rules between the segments of an enrollment: who is whom, how many, and in which order dates run."""

from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar, NamedTuple

from gateway.x12.check_envelope import number_of
from gateway.x12.check_rule import Complaint, Rule, Seen, Span, literal
from gateway.x12.plan_pattern import Style

_PAIRS = {
    "336": "337", "338": "339", "340": "341", "344": "345", "348": "349", "350": "351", "356": "357", "360": "361",
    "473": "474",
}  # fmt: skip
_BEGIN_OF = {end: begin for begin, end in _PAIRS.items()}
_MAY_CANCEL = frozenset({"349", "357"})
_ENDING = frozenset({"002", "024"})


class MemberCounts(Rule):
    """QTY ET, DT and TO say how many subscribers, dependents and members there are (DOMAIN 4.4 rule 9)."""

    name = "COUNT_MISMATCH"
    snip = 3
    tags = frozenset({"QTY", "INS"})
    _MEANINGS: ClassVar = {"ET": "subscribers (INS01 = Y)", "DT": "dependents (INS01 = N)", "TO": "members"}

    def __init__(self, style: Style) -> None:
        """Start with no members."""
        super().__init__(style)
        self._said: dict[str, str] = {}
        self._subscribers = self._dependents = 0

    def see(self, segment: Seen) -> Iterator[Complaint]:
        """Note what is said, and count."""
        if segment.tag == "QTY":
            self._said.setdefault(segment.at(1), segment.at(2))
        elif segment.at(1) == "Y":
            self._subscribers += 1
        else:
            self._dependents += 1
        return iter(())

    def skim(self, span: Span) -> None:
        """Count the members of the span."""
        shapes = _shapes(self.style)
        subscribers = span.count(shapes.subscriber)
        self._subscribers += subscribers
        self._dependents += span.count(shapes.member) - subscribers

    def close(self) -> Iterator[Complaint]:
        """Compare what was said with what was counted."""
        total = self._subscribers + self._dependents
        counted = {"ET": self._subscribers, "DT": self._dependents, "TO": total}
        for kind, said in self._said.items():
            if kind in counted and number_of(said) != counted[kind]:
                message = f"QTY*{kind} does not say {counted[kind]}, the number of {self._MEANINGS[kind]}"
                yield Complaint(2, message, "QTY")


class MemberRelation(Rule):
    """INS02 is 18, self, if and only if INS01 is Y (DOMAIN 4.4 rule 2). Patterns refuse what breaks it."""

    name = "MEMBER_RELATION"
    tags = frozenset({"INS"})

    def see(self, segment: Seen) -> Iterator[Complaint]:
        """Look at INS01 and INS02."""
        subscriber, relation = segment.at(1), segment.at(2)
        if subscriber in {"Y", "N"} and relation and (subscriber == "Y") is not (relation == "18"):
            yield Complaint(2, "INS02 must be 18, self, for a subscriber (INS01 = Y) and for nobody else")


class Language(Rule):
    """LUI02 with LUI01 = LE is a language code of ISO 639-1. Patterns refuse every LE."""

    name = "LANGUAGE_CODE"
    snip = 5
    tags = frozenset({"LUI"})

    def see(self, segment: Seen) -> Iterator[Complaint]:
        """Look at LUI02 of two letters."""
        code = segment.at(2).lower()
        if segment.at(1) == "LE" and len(code) == 2 and code not in _LANGUAGES:
            yield Complaint(2, "LUI02 is not a language code of ISO 639-1")


class DateOrder(Rule):
    """A begin date does not lie after its end date in the same loop.

    Coverage and eligibility are let be where they are being ended: an end before the begin is a cancellation there
    (DOMAIN 4.4 rule 8).
    """

    name = "DATE_LOGIC"
    tags = frozenset({"INS", "HD", "DSB", "COB", "DTP"})

    def __init__(self, style: Style) -> None:
        """Start with no dates."""
        super().__init__(style)
        self._dates: dict[str, dict[str, str]] = {}
        self._ending = False

    def see(self, segment: Seen) -> Iterator[Complaint]:
        """Compare a date with its other end, whichever comes first."""
        if segment.tag != "DTP":
            if segment.tag == "INS":
                self._dates.clear()
            self._dates[segment.loop] = {}
            self._ending = segment.at(3 if segment.tag == "INS" else 1) in _ENDING
            return
        code, value = segment.at(1), segment.at(3)
        if segment.at(2) != "D8" or len(value) != 8:
            return
        dates = self._dates.setdefault(segment.loop, {})
        dates[code] = value
        begin, end = _BEGIN_OF.get(code, code), _PAIRS.get(code, code)
        if begin == end or (self._ending and end in _MAY_CANCEL):
            return
        if dates.get(begin, "") > dates.get(end, "99999999"):
            yield Complaint(3, f"DTP*{end} lies before DTP*{begin}, which it should end")

    def trouble(self, span: Span) -> int:
        """Look for end dates, and for each at the begin date beside it."""
        worst = span.end
        for begins, ends in _shapes(self.style).pairs:
            at = span.data.find(ends, span.start, worst)
            while at >= 0:
                if self._is_early(span, at, begins, ends):
                    worst = at
                    break
                at = span.data.find(ends, at + len(ends), worst)
        return worst if worst < span.end else -1

    def _is_early(self, span: Span, at: int, begins: bytes, ends: bytes) -> bool:
        """Whether the end date at `at` may lie before a begin date of its loop."""
        data = span.data
        date = data[at + len(ends) : at + len(ends) + 8]
        before = data.rfind(begins, span.start, at)
        if before >= 0 and data[before + len(begins) : before + len(begins) + 8] > date:
            return True
        opening = data.find(_shapes(self.style).product, at, span.end)
        after = data.find(begins, at, opening if opening >= 0 else span.end)
        return after >= 0 and data[after + len(begins) : after + len(begins) + 8] > date


class _Shapes(NamedTuple):
    """Bytes that these rules look for in one style."""

    member: bytes
    subscriber: bytes
    product: bytes
    pairs: tuple[tuple[bytes, bytes], ...]


@lru_cache(maxsize=16)
def _shapes(style: Style) -> _Shapes:
    return _Shapes(
        member=literal(style, "INS"),
        subscriber=literal(style, "INS", "Y"),
        product=literal(style, "HD"),
        pairs=tuple((literal(style, "DTP", a, "D8"), literal(style, "DTP", b, "D8")) for a, b in _PAIRS.items()),
    )


_LANGUAGE_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en",
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv",
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne",
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st",
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu",
)
_LANGUAGES = frozenset(code for line in _LANGUAGE_CODES for code in line.split())

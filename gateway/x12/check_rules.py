"""Rules between segments (SNIP 3, 4 and 5): balances, counts, order of dates, codes of others. Each with a severity.

A rule has two faces. The slow path shows it every segment (`see`). The fast path shows it raw bytes that fit the guide:
`trouble` says from where on the rule wants to see segments one by one, `skim` takes in the bytes before that.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar, NamedTuple

from gateway.domain.finding import Severity
from gateway.x12.check_envelope import number_of
from gateway.x12.plan_pattern import Style


_AMOUNT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_ZIP = re.compile("[0-9]{5}(?:[0-9]{4})?")
_EXACT_DIGITS = 13  # an amount of this length is known to the cent as a float


class Complaint(NamedTuple):
    """What a rule has to say, and where: the segment at hand, or another one before it. Element 0 is the segment."""

    element: int
    message: str
    segment: str = ""
    position: int = 0


class Rule:
    """One rule during one set. `name` is what `Severities` knows it by and the code of its findings."""

    name: ClassVar[str]
    snip: ClassVar[int] = 4
    severity: ClassVar[Severity] = Severity.WARNING
    tags: ClassVar[frozenset[str]]

    def __init__(self, style: Style) -> None:
        """Start a set written in `style`."""
        self.style = style

    def see(self, elements: Sequence[str], loop: str, position: int) -> Iterator[Complaint]:
        """Take in a segment of `tags`, number `position` of the set, standing in `loop`; yield what is wrong with it."""
        raise NotImplementedError

    def trouble(self, data: bytes, start: int, end: int) -> int:  # noqa: ARG002
        """Return where in `data[start:end]`, which fits the guide, this rule may have to complain; -1 for nowhere.

        The bytes are whole repetitions of a loop, from the terminator before the first up to the last terminator.
        """
        return -1

    def skim(self, data: bytes, start: int, end: int) -> None:
        """Take in `data[start:end]`, bytes as in `trouble` that give none."""

    def close(self) -> Iterator[Complaint]:
        """Yield what is wrong with the set as a whole."""
        return iter(())


class MemberCounts(Rule):
    """QTY ET, DT and TO say how many subscribers, dependents and members there are (DOMAIN 4.4 rule 9)."""

    name = "COUNT_MISMATCH"
    snip = 3
    tags = frozenset({"QTY", "INS"})
    _MEANINGS: ClassVar = {"ET": "subscribers (INS01 = Y)", "DT": "dependents (INS01 = N)", "TO": "members"}

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self._said: dict[str, str] = {}
        self._subscribers = self._dependents = 0

    def see(self, elements: Sequence[str], loop: str, position: int) -> Iterator[Complaint]:  # noqa: ARG002
        if elements[0] == "QTY":
            self._said.setdefault(_at(elements, 1), _at(elements, 2))
        elif _at(elements, 1) == "Y":
            self._subscribers += 1
        else:
            self._dependents += 1
        return iter(())

    def skim(self, data: bytes, start: int, end: int) -> None:
        shapes = _shapes(self.style)
        subscribers = data.count(shapes.subscriber, start, end)
        self._subscribers += subscribers
        self._dependents += data.count(shapes.member, start, end) - subscribers

    def close(self) -> Iterator[Complaint]:
        total = self._subscribers + self._dependents
        counted = {"ET": self._subscribers, "DT": self._dependents, "TO": total}
        for kind, said in self._said.items():
            if kind in counted and number_of(said) != counted[kind]:
                yield Complaint(
                    2, f"QTY*{kind} does not say {counted[kind]}, the number of {self._MEANINGS[kind]}", "QTY"
                )


class MemberRelation(Rule):
    """INS02 is 18, self, if and only if INS01 is Y (DOMAIN 4.4 rule 2). Patterns refuse what breaks it."""

    name = "MEMBER_RELATION"
    tags = frozenset({"INS"})

    def see(self, elements: Sequence[str], loop: str, position: int) -> Iterator[Complaint]:  # noqa: ARG002
        subscriber, relation = _at(elements, 1), _at(elements, 2)
        if subscriber in {"Y", "N"} and relation and (subscriber == "Y") is not (relation == "18"):
            yield Complaint(2, "INS02 must be 18, self, for a subscriber (INS01 = Y) and for nobody else")


class PostalCode(Rule):
    """N403 of an address in the United States has five or nine digits. Patterns refuse what breaks it."""

    name = "POSTAL_CODE"
    snip = 5
    tags = frozenset({"N4"})

    def see(self, elements: Sequence[str], loop: str, position: int) -> Iterator[Complaint]:  # noqa: ARG002
        code, country = _at(elements, 3), _at(elements, 4)
        if code and country in {"", "US"} and not _ZIP.fullmatch(code):
            yield Complaint(3, "N403 must be a ZIP code of five or nine digits for an address in the United States")


class Language(Rule):
    """LUI02 with LUI01 = LE is a language code of ISO 639-1. Patterns refuse every LE."""

    name = "LANGUAGE_CODE"
    snip = 5
    tags = frozenset({"LUI"})

    def see(self, elements: Sequence[str], loop: str, position: int) -> Iterator[Complaint]:  # noqa: ARG002
        code = _at(elements, 2).lower()
        if _at(elements, 1) == "LE" and len(code) == 2 and code not in _LANGUAGES:
            yield Complaint(2, "LUI02 is not a language code of ISO 639-1")


class DateOrder(Rule):
    """A begin date does not lie after its end date in the same loop.

    Coverage and eligibility are let be where they are being ended: an end before the begin is a cancellation there
    (DOMAIN 4.4 rule 8).
    """

    name = "DATE_LOGIC"
    tags = frozenset({"INS", "HD", "DSB", "COB", "DTP"})
    _PAIRS: ClassVar = {
        "336": "337", "338": "339", "340": "341", "344": "345", "348": "349", "350": "351", "356": "357", "360": "361",
        "473": "474",
    }  # fmt: skip
    _BEGIN_OF: ClassVar = {end: begin for begin, end in _PAIRS.items()}
    _MAY_CANCEL: ClassVar = frozenset({"349", "357"})
    _ENDING: ClassVar = frozenset({"002", "024"})

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self._dates: dict[str, dict[str, str]] = {}
        self._ending = False

    def see(self, elements: Sequence[str], loop: str, position: int) -> Iterator[Complaint]:
        tag = elements[0]
        if tag != "DTP":
            if tag == "INS":
                self._dates.clear()
            self._dates[loop] = {}
            self._ending = _at(elements, 3 if tag == "INS" else 1) in self._ENDING
            return
        code, kind, value = _at(elements, 1), _at(elements, 2), _at(elements, 3)
        if kind != "D8" or len(value) != 8:
            return
        dates = self._dates.setdefault(loop, {})
        dates[code] = value
        begin, end = self._BEGIN_OF.get(code, code), self._PAIRS.get(code, code)
        if begin == end or (self._ending and end in self._MAY_CANCEL):
            return
        if dates.get(begin, "") > dates.get(end, "99999999"):
            yield Complaint(3, f"DTP*{end} lies before DTP*{begin}, which it should end")

    def trouble(self, data: bytes, start: int, end: int) -> int:
        shapes = _shapes(self.style)
        worst = end
        for begins, ends in shapes.pairs:
            at = data.find(ends, start, worst)
            while at >= 0:
                if self._is_early(data, at, (begins, ends), (start, end)):
                    worst = at
                    break
                at = data.find(ends, at + len(ends), worst)
        return worst if worst < end else -1

    def _is_early(self, data: bytes, at: int, pair: tuple[bytes, bytes], span: tuple[int, int]) -> bool:
        """Whether the end date at `at` may lie before a begin date of its loop."""
        begins, ends = pair
        date = data[at + len(ends) : at + len(ends) + 8]
        before = data.rfind(begins, span[0], at)
        if before >= 0 and data[before + len(begins) : before + len(begins) + 8] > date:
            return True
        opening = data.find(_shapes(self.style).product, at, span[1])
        after = data.find(begins, at, opening if opening >= 0 else span[1])
        return after >= 0 and data[after + len(begins) : after + len(begins) + 8] > date


class EntSequence(Rule):
    """ENT01 counts the ENT loops of a set from 1."""

    name = "ENT_SEQUENCE"
    tags = frozenset({"ENT"})

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self._count = 0

    def see(self, elements: Sequence[str], loop: str, position: int) -> Iterator[Complaint]:  # noqa: ARG002
        self._count += 1
        if number_of(_at(elements, 1)) != self._count:
            yield Complaint(1, f"ENT01 does not say {self._count}, the number of this ENT in the set")

    def trouble(self, data: bytes, start: int, end: int) -> int:
        entity = _shapes(self.style).entity
        said = entity.findall(data, start, end)
        first = self._count + 1
        if said == [b"%d" % number for number in range(first, first + len(said))]:
            return -1
        return next((m.start() for n, m in enumerate(entity.finditer(data, start, end), first) if int(m[1]) != n), -1)

    def skim(self, data: bytes, start: int, end: int) -> None:
        self._count += data.count(_shapes(self.style).entity_opening, start, end)


class Balance(Rule):
    """BPR02 is the sum of RMR04 and of the ADX01 before any RMR; RMR05 with its ADX01 is RMR04 (DOMAIN 5.3)."""

    name = "OUT_OF_BALANCE"
    snip = 3
    tags = frozenset({"BPR", "ENT", "RMR", "ADX", "SE"})

    def __init__(self, style: Style) -> None:
        super().__init__(style)
        self._said: Decimal | None = None
        self._sum = Decimal(0)
        self._has_lines = False
        self._in_line = False
        self._line: _Line | None = None

    def see(self, elements: Sequence[str], loop: str, position: int) -> Iterator[Complaint]:
        tag = elements[0]
        if tag != "ADX" and self._line is not None:
            if not self._line.balances:
                message = "RMR05 with its adjustments (ADX01) is not RMR04"
                yield Complaint(5, message, "RMR", self._line.position)
            self._line = None
        if tag == "BPR":
            self._said = _amount(_at(elements, 2))
        elif tag == "ENT":
            self._in_line = False
        elif tag == "RMR":
            self._in_line = self._has_lines = True
            paid, billed = _amount(_at(elements, 4)), _amount(_at(elements, 5))
            self._sum += paid or 0
            self._line = _Line(paid, billed, position) if paid is not None and billed is not None else None
        elif tag == "ADX":
            self._adjust(_amount(_at(elements, 1)) or Decimal(0))

    def _adjust(self, amount: Decimal) -> None:
        if not self._in_line:
            self._sum += amount
        elif self._line is not None:
            self._line = self._line._replace(billed=self._line.billed + amount)

    def trouble(self, data: bytes, start: int, end: int) -> int:
        if self._line is not None and not self._line.balances:
            return start
        if self._surely_balanced(data, start, end):
            return -1
        line: _Line | None = None
        for found in _shapes(self.style).money.finditer(data, start, end):
            if found["adjustment"]:
                line = line and line._replace(billed=line.billed + Decimal(found["adjustment"].decode()))
                continue
            if line is not None and not line.balances:
                break
            line = None
            if found["billed"]:
                line = _Line(Decimal(found["paid"].decode()), Decimal(found["billed"].decode()), found.start())
        return -1 if line is None or line.balances else line.position

    def _surely_balanced(self, data: bytes, start: int, end: int) -> bool:
        """Whether every line balances for sure: floats tell, where amounts are small enough for them to tell cents."""
        shapes = _shapes(self.style)
        if data.find(shapes.adjustment, start, end) < 0:
            return all(paid == billed or not billed for paid, billed in shapes.remittance.findall(data, start, end))
        left_over = 0.0
        billed_so_far = False
        for _entity, _line, paid, billed, adjustment in shapes.money.findall(data, start, end):
            if adjustment:
                left_over += float(adjustment)
                continue
            if billed_so_far and not -0.001 < left_over < 0.001:
                return False
            billed_so_far = bool(billed)
            if billed_so_far:
                left_over = float(billed) - float(paid) if paid != billed else 0.0
                if len(paid) > _EXACT_DIGITS or len(billed) > _EXACT_DIGITS:
                    return False
        return not billed_so_far or -0.001 < left_over < 0.001

    def skim(self, data: bytes, start: int, end: int) -> None:
        shapes = _shapes(self.style)
        self._line = None
        self._has_lines = True
        if data.find(shapes.adjustment, start, end) < 0:
            amounts = [paid for paid, _ in shapes.remittance.findall(data, start, end)]
            self._in_line = True
        else:
            amounts = []
            in_line = self._in_line
            for entity, _line, paid, _billed, adjustment in shapes.money.findall(data, start, end):
                if not adjustment:
                    in_line = not entity
                    amounts.append(paid or b"0")
                elif not in_line:
                    amounts.append(adjustment)
            self._in_line = in_line
        self._sum += sum(map(Decimal, b" ".join(amounts).decode().split()))

    def close(self) -> Iterator[Complaint]:
        if self._has_lines and self._said is not None and self._said != self._sum:
            yield Complaint(2, "BPR02 is not the sum of the remittance lines (RMR04) and adjustments (ADX01)", "BPR", 2)


class _Line(NamedTuple):
    """A remittance line that says what was billed; `position` is in the set, or in the bytes for the fast path."""

    paid: Decimal
    billed: Decimal
    position: int

    @property
    def balances(self) -> bool:
        return self.paid == self.billed


RULES: dict[str, tuple[type[Rule], ...]] = {
    "834": (MemberCounts, MemberRelation, DateOrder, PostalCode, Language),
    "820": (Balance, EntSequence, PostalCode),
}
"""The rules of each transaction set, in the order in which they speak."""


class _Shapes(NamedTuple):
    """Bytes and patterns that rules look for in one style."""

    member: bytes
    subscriber: bytes
    product: bytes
    adjustment: bytes
    pairs: tuple[tuple[bytes, bytes], ...]
    entity: re.Pattern[bytes]
    entity_opening: bytes
    remittance: re.Pattern[bytes]
    money: re.Pattern[bytes]


@lru_cache(maxsize=16)
def _shapes(style: Style) -> _Shapes:
    e = style.marks.element
    end = style.marks.segment + style.line_end

    def literal(*parts: str) -> bytes:
        return (end + e.join(parts) + e).encode("latin-1")

    def pattern(text: str) -> re.Pattern[bytes]:
        field = f"[^{re.escape(e)}{re.escape(style.marks.segment)}]*+"
        text = text.replace(" ", re.escape(e)).replace("FIELD", field)
        return re.compile(text.encode("latin-1"))

    start = re.escape(end)
    return _Shapes(
        member=literal("INS"),
        subscriber=literal("INS", "Y"),
        product=literal("HD"),
        adjustment=literal("ADX"),
        pairs=tuple((literal("DTP", begin, "D8"), literal("DTP", late, "D8")) for begin, late in _pairs()),
        entity=pattern(f"{start}ENT (FIELD)"),
        entity_opening=literal("ENT"),
        remittance=pattern(f"{start}RMR FIELD FIELD FIELD (FIELD)(?: (FIELD))?+"),
        money=pattern(
            f"{start}(?:(?P<entity>ENT )|(?P<line>RMR )FIELD FIELD FIELD (?P<paid>FIELD)(?: (?P<billed>FIELD))?+"
            f"|ADX (?P<adjustment>FIELD))"
        ),
    )


def _pairs() -> list[tuple[str, str]]:
    return list(DateOrder._PAIRS.items())  # noqa: SLF001


def _at(elements: Sequence[str], number: int) -> str:
    return elements[number] if number < len(elements) else ""


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


_LANGUAGES = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu".split()
)

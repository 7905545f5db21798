"""Which loop of an 834 a segment stands in, from the order of the segments (DOMAIN 4.2).

One table for 004010X095A1, 005010X220A1 and 005010X307, with the loop names of X220A1 throughout. The header knows
`header`, 1000A to 1000C and 1100C; a member 2000, 2100A to 2100H, 2200, 2300, 2310, 2320, 2330, 2700 and 2750.
"""

from collections.abc import Mapping

from gateway.x12.reader import Segment

HEADER = "header"
MEMBER = "2000"
COVERAGE = "2300"
RESPONSIBLE = "2100G"
CATEGORY = "2750"
KEPT_WITH_COVERAGE = frozenset({"2310", "2320", "2330"})
WITHOUT_CONTENT = frozenset({"LS", "LE", "LX"})  # they only bound and count loops

_HEADER_NAMES: Mapping[str, str] = {"P5": "1000A", "41": "1000A", "IN": "1000B", "BO": "1000C", "TV": "1000C"}
_MEMBER_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("IL", "74"), "2100A"),
    "70": "2100B",
    "31": "2100C",
    **dict.fromkeys(("36", "P5"), "2100D"),
    "M8": "2100E",
    "S3": "2100F",
    **dict.fromkeys(("2J", "6Y", "9K", "E1", "EI", "EXS", "GB", "GD", "J6", "LR", "QD", "S1", "TZ", "X4"), RESPONSIBLE),
    "45": "2100H",
}
_COVERAGE_LOOPS = frozenset({COVERAGE, *KEPT_WITH_COVERAGE})
_OPENERS: Mapping[str, str] = {"INS": MEMBER, "DSB": "2200", "HD": COVERAGE, "COB": "2320", "LS": "2700", "LE": MEMBER}
OPENING = frozenset({*_OPENERS, "NM1", "N1", "LX"})
"""The segments of the detail that may open another loop; all others stand in the loop of the one before."""

UNNAMED = "2100?"  # a name whose NM101 is none of the guide's: what follows belongs to nobody we know


class Loops:
    """Follows one set; `enter` is called with every segment in order."""

    def __init__(self) -> None:
        """Start in the header."""
        self.current = HEADER
        self._in_members = False

    def enter(self, segment: Segment) -> str:
        """Return the loop that `segment` stands in, or opens."""
        tag = segment.tag
        if tag == "INS":
            self._in_members = True
        if self._in_members:
            self.current = self._in_member(tag, segment)
        elif tag == "N1":
            self.current = _HEADER_NAMES.get(segment.element(1), UNNAMED)
        elif tag == "ACT":
            self.current = "1100C"
        return self.current

    def _in_member(self, tag: str, segment: Segment) -> str:
        """Return the loop after a segment of the detail."""
        if tag in _OPENERS:
            return _OPENERS[tag]
        if tag == "NM1":
            return self._named(segment.element(1))
        if tag == "N1":  # 004010X095A1 names the other insurer so; everywhere else it is a reporting category
            return "2330" if self.current in {"2320", "2330"} else CATEGORY
        if tag == "LX":
            return "2310" if self.current in _COVERAGE_LOOPS else "2700"
        return self.current

    def _named(self, code: str) -> str:
        """Return the loop that an NM1 opens: its meaning depends on whether coverage has begun."""
        if self.current in {"2320", "2330"}:
            return "2330"
        if self.current in _COVERAGE_LOOPS:
            return "2310"
        return _MEMBER_NAMES.get(code, UNNAMED)

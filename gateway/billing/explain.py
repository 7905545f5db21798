"""Every line explains itself, and the explanation is computed again: rate, days, formula (IA-05, IA-48).

A formula is arithmetic, then `;` and words: `600.00 * 19/30; by days`. That of an adjustment is the new amount less
what was billed, and its words tell how the new amount comes about: `380.00 - 600.00; due now: 600.00 * 19/30; by days`.
The arithmetic knows numbers, `+ - * /`, brackets, and `round(…)` for what is rounded to the cent on the way; it is read
here and by nothing else, so that no text can do more than add up.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import InvalidOperation
from fractions import Fraction
from functools import lru_cache

from gateway.domain.charge import InvoiceLine
from gateway.domain.money import ZERO, Money, round_fraction
from gateway.errors import InvariantBroken

NEW_AMOUNT = "due now: "
NOTHING = "nothing"

_TOKEN = re.compile(r" *(?:([0-9]+(?:\.[0-9]+)?)|(round\b|[-+*/()]))")
_LONGEST = 20_000  # characters: a family of any size stays far below
_DEEPEST = 50  # brackets inside brackets


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one line comes about. `value` is what its arithmetic gives now; `fault` says why that is not the line."""

    arithmetic: str
    words: str
    value: Money | None
    fault: str = ""

    @property
    def recomputes(self) -> bool:
        """Whether the formula gives the line's amount."""
        return not self.fault


def explain(line: InvoiceLine) -> Explanation:
    """Return the explanation of a line with what its formula gives now; nothing is raised for one that is wrong."""
    arithmetic, _, words = (part.strip() for part in line.formula.partition(";"))
    try:
        value = evaluate(arithmetic)
        fault = "" if value == line.amount else f"the formula gives {value}, the line says {line.amount}"
        return Explanation(arithmetic, words, value, fault or _fault_of_new_amount(arithmetic, words))
    except ValueError as error:
        return Explanation(arithmetic, words, None, f"the formula cannot be computed: {error}")


def unexplained(lines: Iterable[InvoiceLine]) -> list[tuple[InvoiceLine, str]]:
    """Return the lines whose explanation does not give their amount, each with what is wrong."""
    return [(line, fault) for line in lines if (fault := explain(line).fault)]


def prove_explained(lines: Iterable[InvoiceLine]) -> None:
    """Raise InvariantBroken when a line cannot explain its amount: such a line is never billed."""
    wrong = unexplained(lines)
    if wrong:
        line, fault = wrong[0]
        raise InvariantBroken(
            f"{len(wrong)} lines do not explain their amount; the first is membership {line.membership_id}, "
            f"product {line.product}, month {line.month}: {fault}"
        )


@lru_cache(maxsize=4096)  # most lines of a run share a few formulas
def evaluate(arithmetic: str) -> Money:
    """Return what `arithmetic` gives, computed exactly and rounded once to the cent.

    Raises ValueError for anything but numbers, `+ - * /`, brackets and `round(…)`.
    """
    if len(arithmetic) > _LONGEST:
        raise ValueError("it is too long")
    try:
        return round_fraction(_Reading(arithmetic).whole())
    except InvalidOperation as error:
        raise ValueError("it is more than money can be") from error


def _fault_of_new_amount(arithmetic: str, words: str) -> str:
    """Return why the new amount of an adjustment does not follow from its own formula, or ''."""
    if not words.startswith(NEW_AMOUNT):
        return ""
    claimed = evaluate(arithmetic.partition(" - ")[0])
    formula = words.removeprefix(NEW_AMOUNT).partition(";")[0].strip()
    value = ZERO if formula == NOTHING else evaluate(formula)
    return "" if value == claimed else f"{formula} gives {value}, the adjustment takes it for {claimed}"


class _Reading:
    """Arithmetic being read from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Fraction:
        """Return the value of the whole text."""
        value = self._sum()
        if self._next():
            raise ValueError(f"{self._next()!r} is not expected there")
        return value

    def _next(self) -> str:
        return self._tokens[self._at]

    def _take(self, *wanted: str) -> str:
        """Return the next token and go on when it is one of `wanted`, else ''."""
        token = self._next()
        if token not in wanted:
            return ""
        self._at += 1
        return token

    def _sum(self) -> Fraction:
        value = self._product()
        while sign := self._take("+", "-"):
            term = self._product()
            value = value + term if sign == "+" else value - term
        return value

    def _product(self) -> Fraction:
        value = self._factor()
        while sign := self._take("*", "/"):
            factor = self._factor()
            if sign == "/" and not factor:
                raise ValueError("it divides by zero")
            value = value * factor if sign == "*" else value / factor
        return value

    def _factor(self) -> Fraction:
        if self._take("-"):
            return -self._factor()
        if self._take("round"):
            return Fraction(round_fraction(self._bracket()))
        if self._next() == "(":
            return self._bracket()
        token = self._next()
        if not token[:1].isdigit():
            raise ValueError(f"a number is missing before {token!r}" if token else "it ends too early")
        self._at += 1
        return Fraction(token)

    def _bracket(self) -> Fraction:
        self._depth += 1
        if not self._take("(") or self._depth > _DEEPEST:
            raise ValueError("a bracket is missing, or there are too many")
        value = self._sum()
        if not self._take(")"):
            raise ValueError("a bracket is not closed")
        self._depth -= 1
        return value


def _tokens(text: str) -> list[str]:
    """Return numbers and signs, and '' at the end."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"{text[at : at + 10]!r} is no arithmetic")
        found.append(match[1] or match[2])
        at = match.end()
    return [*found, ""]

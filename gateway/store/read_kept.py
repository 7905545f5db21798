"""What was sent of a member beside person and cover, as people read it: personal values stay in the table."""

from collections.abc import Iterable, Iterator

from gateway.domain.coverage import MemberDetails, ProductDetails
from gateway.ports.queries import KeptLine

_PERSONAL = frozenset({"SY", "F6", "4A", "D3", "Q4"})  # REF01: social security, Medicare, PIN, pharmacy, prior number
_Named = Iterable[tuple[str, ...]]


def kept_lines(member_id: str, details: MemberDetails) -> Iterator[KeptLine]:
    """Yield a line for everything that is kept of one member."""
    yield from _listed(member_id, "reference", "", details.references)
    yield from _listed(member_id, "date", "", details.dates)
    yield from _listed(member_id, "particular", "", details.particulars)
    yield from _listed(member_id, "reporting category", "", details.reporting)
    if details.responsible is not None:
        yield KeptLine(member_id, "responsible person", details.responsible[0], "")
    for product in details.products:
        yield from _of_product(member_id, product)
    yield from _as_sent(member_id, "", details.unread)


def _of_product(member_id: str, product: ProductDetails) -> Iterator[KeptLine]:
    """Yield what came with one HD line."""
    where = f"{product.insurance_line} {product.plan}".strip() + " "
    yield from _listed(member_id, "reference", where, product.references)
    yield from _listed(member_id, "date", where, product.dates)
    yield from _as_sent(member_id, where, product.kept)


def _listed(member_id: str, what: str, where: str, pairs: _Named) -> Iterator[KeptLine]:
    """Yield named values; a personal one without its value."""
    for name, value, *_ in pairs:
        yield KeptLine(member_id, what, where + name, "" if what == "reference" and name in _PERSONAL else value)


def _as_sent(member_id: str, where: str, segments: Iterable[str]) -> Iterator[KeptLine]:
    """Yield the names of segments and elements that no rule reads; what they hold may be personal."""
    for segment in segments:
        tag = "".join(letter if letter.isalnum() else " " for letter in segment).partition(" ")[0]
        yield KeptLine(member_id, "as sent", where + tag, "")

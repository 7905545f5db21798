"""Proving a journal: every entry balances, and every book is the unbroken chain that was written (DESIGN 4.6)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.domain.journal import GENESIS, EntryKind, Fault, JournalEntry, Posting


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is kept: its place in the chain of its book, and its postings in order."""

    key: str
    book: str
    sequence: int
    previous: str
    digest: str
    kind: EntryKind
    on: date
    source: str
    set_id: str
    receipt_id: str
    note: str
    postings: tuple[Posting, ...] = ()


def chain_faults(links: Iterable[Link], heads: Mapping[str, tuple[int, str]]) -> Iterator[Fault]:
    """Yield every break of the books' chains; `links` come by book and sequence, `heads` say how each book ends.

    A link is recomputed from what stands before it as it is kept, so that one change is one fault and not as many as
    entries follow it.
    """
    ends: dict[str, tuple[int, str]] = {}
    for link in links:
        sequence, digest = ends.get(link.book, (0, GENESIS))
        place = f"book {link.book} no. {link.sequence} ({link.key})"
        if link.sequence != sequence + 1:
            yield Fault(place, f"no. {sequence + 1} is missing: an entry was taken out or renumbered")
        elif link.previous != digest:
            yield Fault(place, "it does not follow the entry before it: that one was exchanged, or this one put in")
        yield from _entry_faults(link, place)
        ends[link.book] = (link.sequence, link.digest)
    for book in sorted({*heads, *ends}):
        if ends.get(book, (0, GENESIS)) != heads.get(book, (0, GENESIS)):
            yield Fault(
                f"book {book}", "its head does not name its last entry: entries were cut off or added at the end"
            )


def _entry_faults(link: Link, place: str) -> Iterator[Fault]:
    """Yield what is wrong with an entry by itself."""
    try:
        entry = JournalEntry(
            link.key,
            link.book,
            link.kind,
            link.on,
            link.postings,
            link.source,
            link.set_id,
            link.receipt_id,
            link.note,
        )
    except ValueError:
        yield Fault(place, "it does not balance: a posting was changed, added or taken out")
        return
    if entry.digest(link.previous) != link.digest:
        yield Fault(place, "it is not what was written: its digest differs")

"""Families whose loops are byte for byte what they were told last: known to change nothing without being read.

A family is a subscriber's INS loop with the dependents' loops below it. When all of them were applied without a
finding, a digest of their bytes is kept with the membership, and forgotten with the next thing that happens to it. The
same bytes under the same agreement are then the same event twice, a no-op (DOMAIN 4.5).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from gateway.domain.value import value
from gateway.transactions.sent import Sent

_FAMILY_MAX = 100  # loops; a longer one is read like any other
_DIGEST_BYTES = 16


@value
class SentFamily:
    """Loops that follow each other; `digest` is empty where they cannot be recognised."""

    members: tuple[Sent, ...]
    digest: str = ""


def families_at_once(members: Iterable[Sent], at_least: int) -> Iterator[list[Sent]]:
    """Yield members in chunks of `at_least`, and so many more that no family is cut in two."""
    chunk: list[Sent] = []
    for member in members:
        if len(chunk) >= at_least and (member.opens_family or not member.raw or len(chunk) >= at_least + _FAMILY_MAX):
            yield chunk
            chunk = []
        chunk.append(member)
    if chunk:
        yield chunk


class Recogniser:
    """Makes the digests of one set; `agreement` is all that decides how its loops are read and what they do."""

    def __init__(self, *agreement: object) -> None:
        """Take what must be the same for the same bytes to mean the same."""
        self._key = hashlib.blake2b(repr(agreement).encode(), digest_size=_DIGEST_BYTES).digest()

    def families(self, chunk: Sequence[Sent]) -> Iterator[SentFamily]:
        """Yield the chunk as families; loops without a subscriber before them have no digest."""
        family: list[Sent] = []
        for member in chunk:
            if member.opens_family and family:
                yield self._family(family)
                family = []
            family.append(member)
        if family:
            yield self._family(family)

    def _family(self, members: Sequence[Sent]) -> SentFamily:
        """Return loops that follow each other as a family."""
        first = members[0]
        if not first.opens_family or not first.raw:
            return SentFamily(tuple(members))
        digest = hashlib.blake2b(first.raw, digest_size=_DIGEST_BYTES, key=self._key)
        for member in members[1:]:
            digest.update(member.raw)
        return SentFamily(tuple(members), digest.hexdigest())

"""Identifiers made from content, so that the same fact has the same id on every node and in every run.

DESIGN, decision 1: an effect's key is content and identity, never an attempt. `content_id` turns such a key into a
short id that can be computed before anything is written, which is what lets effects be written in bulk.
"""

import hashlib

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_TRIPLES = [high + middle + low for high in _ALPHABET for middle in _ALPHABET for low in _ALPHABET]


def content_id(kind: str, *parts: object) -> str:
    """Return an id such as `F3k9…` for `parts`: `kind` (one capital letter) and 13 base-32 characters.

    The parts are joined unambiguously: `("ab", "c")` and `("a", "bc")` give different ids.
    """
    text = "".join([f"{len(part)}:{part}" for part in map(str, parts)])
    # 13 digits are 65 bits: ten million ids collide with a probability of about one in a million.
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=9).digest(), "big") >> 7
    # Three digits at a time: ids are made by the hundred thousand.
    return (
        f"{kind}{_TRIPLES[number >> 50]}{_TRIPLES[number >> 35 & 32767]}{_TRIPLES[number >> 20 & 32767]}"
        f"{_TRIPLES[number >> 5 & 32767]}{_ALPHABET[number & 31]}"
    )

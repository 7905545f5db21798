"""Identifiers made from content, so that the same fact has the same id on every node and in every run.

DESIGN, decision 1: an effect's key is content and identity, never an attempt. `content_id` turns such a key into a
short id that can be computed before anything is written, which is what lets effects be written in bulk.
"""

import hashlib

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]


def content_id(kind: str, *parts: object) -> str:
    """Return an id such as `F3k9…` for `parts`: `kind` (one capital letter) and 13 base-32 characters.

    The parts are joined unambiguously: `("ab", "c")` and `("a", "bc")` give different ids.
    """
    text = "".join([f"{len(part)}:{part}" for part in map(str, parts)])
    # 13 digits are 65 bits: ten million ids collide with a probability of about one in a million.
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=9).digest(), "big") >> 7
    # Two digits at a time, and no loop: ids are made by the hundred thousand.
    return (
        f"{kind}{_PAIRS[number >> 55]}{_PAIRS[number >> 45 & 1023]}{_PAIRS[number >> 35 & 1023]}"
        f"{_PAIRS[number >> 25 & 1023]}{_PAIRS[number >> 15 & 1023]}{_PAIRS[number >> 5 & 1023]}{_ALPHABET[number & 31]}"
    )

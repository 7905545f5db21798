"""Names of outbound documents (DOMAIN 10): ids only, nothing personal."""

import re
from datetime import UTC, datetime, timedelta

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


def file_name(
    *, kind: str, payer: str, partner: str, account: str, period: str, instant: datetime, sequence: int, extension: str
) -> str:
    """Return `{kind}_{payer}_{partner}_{account}_{period}_{CCYYMMDDThhmmssZ}_{sequence}.{extension}`.

    Every part must be an id, never a name. Characters other than letters, digits, dot and hyphen become a hyphen, so
    that the name splits at `_` and is safe on every server. `instant` must be in UTC (ValueError otherwise); a resend
    has a new `sequence`.
    """
    if instant.utcoffset() != timedelta(0):
        raise ValueError("the instant in a file name must be in UTC")
    stamp = instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = (kind, payer, partner, account, period)
    return "_".join([*(_UNSAFE.sub("-", part) for part in parts), stamp, str(sequence)]) + f".{extension}"

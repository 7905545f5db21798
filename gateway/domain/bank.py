"""Numbers of banks, and what their lists of deposits say."""

import re

LOCKBOX_COLUMNS = ("deposited_on", "trace", "amount", "originator", "payer_id", "account", "lockbox", "return_code")
"""What a lockbox list may say of a deposit; the first three it must."""

_NINE_DIGITS = re.compile(r"[0-9]{9}")


def is_aba(number: str) -> bool:
    """Tell whether a number is an ABA routing number: nine digits whose weighted sum ends in 0 (DOMAIN 5.1)."""
    if not _NINE_DIGITS.fullmatch(number):
        return False
    digits = [int(each) for each in number]
    return (3 * sum(digits[0::3]) + 7 * sum(digits[1::3]) + sum(digits[2::3])) % 10 == 0

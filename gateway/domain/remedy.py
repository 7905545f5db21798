"""What would be right: for every business error (DOMAIN 7.4) one sentence that says what to do about it."""

from collections.abc import Mapping
from types import MappingProxyType

REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "RETURN_UNKNOWN": "Name the payment that was returned by the trace and amount it came with.",
        # DOMAIN 7.4
        "UNKNOWN_SPONSOR": "Send the sponsor's tax id (N1*P5) or the policy (REF*38, REF*1L) as agreed, or have the "
        "account added to the partner's billing.toml; then send the set again.",
        "UNKNOWN_GROUP": "Send the group or policy number (REF*1L) that the account has here, or have the number added "
        "to the account's policies; then send the member again.",
        "UNKNOWN_PLAN": "Name a plan of the account in HD04 (exchanges: REF*CE) under its insurance line in HD03, or "
        "have the plan added to the account's rates; then send the member again.",
        "SUBSCRIBER_NOT_FOUND": "Send the subscriber (INS01 = Y) with its dependents under the same REF*0F, or "
        "correct REF*0F; then send the member again.",
        "DUPLICATE_MEMBER": "Send what tells the person apart: SSN (NM109), birth date (DMG02) and first name, or a "
        "subscriber id (REF*0F) that no other person has.",
        "DATE_LOGIC": "Send dates as CCYYMMDD: a begin (DTP 348, else 356, else 303) for new cover, an end (DTP 349, "
        "else 357) for cover that ends; a full file names its effective date (DTP 007 or 303).",
        "RETRO_LIMIT": "Send a begin inside the agreed limit, or agree on an exception and have the limit changed; "
        "then send the member again.",
        "REINSTATE_NOT_TERMINATED": "Send HD01 = 021 for cover that never was or was canceled; 025 brings back only "
        "what was terminated.",
        "COUNT_MISMATCH": "Let QTY*ET, QTY*DT and QTY*TO state how many subscribers, dependents and members the set "
        "holds; then send the set again under a new BGN02.",
        "OLD_FILE": "Look whether a newer file said otherwise since: `gateway release` applies the set all the same, "
        "`gateway refuse` ends it; `gateway release --preview` shows what it would do.",
        "MASS_TERM_GUARD": "Ask the partner whether so many members really left: `gateway release` applies the set, "
        "`gateway refuse` ends it; `gateway release --preview` shows every termination.",
        "OUT_OF_BALANCE": "Let the amounts add up: in a remittance those of the RMR and ADX to BPR02, in an exchange "
        "enrollment PRE AMT TOT = APTC AMT + OTH PAY AMT + TOT RES AMT; then send it again.",
        "DUPLICATE_REMITTANCE": "Nothing, if the payment was sent twice; a new payment needs a trace number (TRN02) of "
        "its own.",
        "UNKNOWN_ACCOUNT": "Name an account, policy or invoice of ours in the remittance, or have the money assigned "
        "by hand.",
        "PERIOD_CLOSED": "Send the change for a month that is still open, or have the month reopened.",
        # ours beside it
        "MEMBER_NOT_FOUND": "Send the member as an addition (INS03 or HD01 = 021), or with the SSN, birth date and "
        "first name that are on file.",
        "UNREADABLE_VALUE": "Send a value that the guide allows in the element named; then send the member again.",
        "UNREADABLE_FILE": "Save the file as it was agreed (format, encoding, names of the columns) and send it again.",
        "UNREADABLE_ROW": "Correct the row, each value in its own cell and none as a formula; then send it again.",
        "DUPLICATE": "Send new data under a new BGN02; a corrected set says BGN01 = 15 and names the original.",
        "QUARANTINED": "We look at it; nothing is to be sent again. `gateway release` tries the set once more.",
        "DISCREPANCY": "Compare the two sides and send the difference in a change file, or tell us that ours is wrong.",
    }
)


def remedy_of(code: str) -> str:
    """Return what would be right for a business error; for a code without an entry, where to look."""
    return REMEDIES.get(code, "Look at the finding's place in the file and correct what its sentence names.")

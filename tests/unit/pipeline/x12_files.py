"""X12 files as partners write them, made from what a test wants to say."""

from dataclasses import dataclass

OURS = "EXAMPLEHEALTH"


@dataclass(frozen=True)
class Envelope:
    """ISA and GS of a file; what a test does not name is as agreed with acme."""

    number: str = "000000101"
    sender: str = "ACME"
    sender_qualifier: str = "ZZ"
    receiver: str = OURS
    receiver_qualifier: str = "ZZ"
    usage: str = "P"
    asks_for_ta1: bool = True
    functional_id: str = "BE"
    guide: str = "005010X220A1"

    def around(self, *sets: str) -> bytes:
        """Return the bytes of a file with one group that holds `sets`."""
        group = str(int(self.number))
        head = "*".join(("GS", self.functional_id, self.sender, OURS, "20251020", "0910", group, "X", self.guide))
        return self._file(f"{head}~\n", *sets, f"GE*{len(sets)}*{group}~\n", groups=1)

    def with_ta1s(self, *ta1s: str) -> bytes:
        """Return the bytes of a file that brings nothing but TA1s."""
        return self._file(*ta1s, groups=0)

    def _file(self, *parts: str, groups: int) -> bytes:
        isa = (
            f"ISA*00*{'':10}*00*{'':10}*{self.sender_qualifier}*{self.sender:15}*{self.receiver_qualifier}*"
            f"{self.receiver:15}*251020*0910*^*00501*{self.number}*{int(self.asks_for_ta1)}*{self.usage}*:~\n"
        )
        return (isa + "".join(parts) + f"IEA*{groups}*{self.number}~\n").encode()


def transaction(set_type: str, *segments: str, number: str = "0001", guide: str = "005010X220A1") -> str:
    """Return one set from ST to SE with the right count."""
    return "".join(
        f"{segment}~\n"
        for segment in (f"ST*{set_type}*{number}*{guide}", *segments, f"SE*{len(segments) + 2}*{number}")
    )


def member(
    subscriber: str,
    *,
    does: str = "021",
    tier: str = "EMP",
    plan: str = "GOLD",
    begins: str = "20251101",
    ends: str = "",
    policy: str = "G001234",
    is_dependent: bool = False,
    first_name: str = "PAT",
) -> tuple[str, ...]:
    """Return one INS loop with one cover."""
    ins = f"INS*N*19*{does}*28*A" if is_dependent else f"INS*Y*18*{does}*28*A***FT"
    return (
        ins,
        f"REF*0F*{subscriber}",
        f"REF*1L*{policy}",
        f"NM1*IL*1*SAMPLE{subscriber}*{first_name}****34*9{sum(map(ord, subscriber + first_name)):08d}",
        "DMG*D8*19800102*F",
        f"HD*{does}**PPO*{plan}*{tier}",
        f"DTP*349*D8*{ends}" if ends else f"DTP*348*D8*{begins}",
    )


def enrollment(
    *members: tuple[str, ...],
    number: str = "0001",
    reference: str = "REF1",
    purpose: str = "00",
    action: str = "2",
    created: str = "20251020*0910",
    policy: str = "G001234",
    sponsor: str = "123456789",
    effective: str = "20251101",
    subscribers: int | None = None,
) -> str:
    """Return one 834 set; `subscribers` is what QTY*ET announces, where it should be wrong."""
    came = sum(loop[0].startswith("INS*Y") for loop in members)
    return transaction(
        "834",
        f"BGN*{purpose}*{reference}*{created}*ET***{action}",
        f"REF*38*{policy}",
        f"DTP*007*D8*{effective}",
        f"QTY*ET*{came if subscribers is None else subscribers}",
        f"N1*P5*SAMPLE CORP*FI*{sponsor}",
        "N1*IN*EXAMPLE HEALTH PLAN*FI*987654321",
        *(segment for loop in members for segment in loop),
        number=number,
    )


BIRCH = Envelope(number="000000501", sender="BIRCH")
ELM = Envelope(number="000000701", sender="ELM", functional_id="RA", guide="005010X218")
ACME_PAYS = Envelope(number="000000801", functional_id="RA", guide="005010X218")
"""What acme itself sends as 820: a remittance without money."""


def birch_member(subscriber: str, *, does: str = "030", tier: str = "EMP") -> tuple[str, ...]:
    """Return one INS loop of birch's full file."""
    return member(subscriber, does=does, tier=tier, plan="SILVER", policy="G005678")


def birch_roster(*members: tuple[str, ...], reference: str = "ROSTER1", **header: object) -> str:
    """Return birch's full file (BGN08 = RX)."""
    settings = {"action": "RX", "policy": "G005678", "sponsor": "223344556"} | header
    return enrollment(*members, reference=reference, **settings)


def premium_820(
    handling: str,
    amount: str,
    *details: str,
    trace: str,
    on: str = "20251201",
    account: str = "G001234",
    tax_id: str = "123456789",
) -> str:
    """Return one 820 (005010X218): BPR01, BPR02, and the segments of its loops 2000."""
    bank = "*01*123456780*DA*1230045"
    has_money = handling in {"C", "D", "U", "X"}
    method = f"ACH*CTX{bank}*1{tax_id}*{bank}" if has_money else f"NON******1{tax_id}*****"
    return transaction(
        "820",
        f"BPR*{handling}*{amount}*C*{method}*{on}",
        f"TRN*{1 if handling == 'C' else 3}*{trace}*1{tax_id}",
        f"REF*14*{account}",
        "N1*PE*EXAMPLE HEALTH PLAN*FI*987654321",
        f"N1*PR*SAMPLE CORP*FI*{tax_id}",
        *details,
        guide="005010X218",
    )


def pays_member(
    ordinal: int, subscriber: str, paid: str, billed: str, *adjustments: str, month: str = "20251201-20251231"
) -> tuple[str, ...]:
    """Return one individual loop (2000B) of an 820."""
    return (
        f"ENT*{ordinal}*2J*EI*{subscriber}",
        f"NM1*EY*1*SAMPLE*PAT****EI*{subscriber}",
        f"RMR*AZ*P{subscriber}**{paid}*{billed}",
        f"DTM*582****RD8*{month}",
        *adjustments,
    )


def pays_account(*lines: str, tax_id: str = "123456789") -> tuple[str, ...]:
    """Return the organisation loop (2000A) of an 820."""
    return (f"ENT*1*2L*FI*{tax_id}", *lines)

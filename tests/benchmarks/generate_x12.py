"""Large 834 and 820 files for measuring: plain ones, and varied ones with every loop and no value twice.

    python tests/benchmarks/generate_x12.py 834-varied 20000 out.834 --bad 0.01

Everything is made up from the number of the member, so that the same call gives the same bytes.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

KINDS = ("834-plain", "834-varied", "820-plain", "820-varied")
_GUIDES = {"834": ("BE", "005010X220A1"), "820": ("RA", "005010X218")}
_STATES = ("IL", "CA", "NY", "TX", "WA", "FL", "PA", "OH")
_LEVELS = ("EMP", "ESP", "ECH", "FAM")


def write(kind: str, members: int, out: BinaryIO, *, bad: float = 0.0, line_end: str = "\n") -> int:
    """Write one interchange of `kind` with `members` member or remittance loops; return its segments from ST to SE.

    `bad` is the share of loops with a fault: the reason code INS04, or the date of a period, is none.
    """
    set_type = kind[:3]
    functional, guide = _GUIDES[set_type]
    every = round(1 / bad) if bad else 0
    count = 1

    def put(segments: list[str]) -> None:
        nonlocal count
        count += len(segments)
        out.write("".join(f"{segment}~{line_end}" for segment in segments).encode())

    envelope = [
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *251105*0800*^*00501*000000001*0*P*:",
        f"GS*{functional}*SENDER*RECEIVER*20251105*0800*1*X*{guide}",
    ]
    put([*envelope, f"ST*{set_type}*0001*{guide}"])
    count = 1
    make = {"834-plain": _plain_834, "834-varied": _varied_834, "820-plain": _plain_820, "820-varied": _varied_820}[
        kind
    ]
    put(list(_head_834(members, kind)) if set_type == "834" else list(_head_820(members, kind)))
    for number in range(1, members + 1):
        put(list(make(number, is_bad=bool(every) and number % every == 0)))
    put([f"SE*{count + 1}*0001"])
    segments = count
    put(["GE*1*1", "IEA*1*000000001"])
    return segments


def _head_834(members: int, kind: str) -> Iterator[str]:
    subscribers = members if kind == "834-plain" else (members + 1) // 2
    yield "BGN*00*REF0001*20251105*0800*ET***2"
    yield "REF*38*G001234"
    yield "DTP*303*D8*20251101"
    yield f"QTY*ET*{subscribers}"
    yield f"QTY*DT*{members - subscribers}"
    yield f"QTY*TO*{members}"
    yield "N1*P5*ACME CORP*FI*123456789"
    yield "N1*IN*EXAMPLE HEALTH PLAN*FI*987654321"


def _plain_834(n: int, *, is_bad: bool) -> Iterator[str]:
    yield f"INS*Y*18*021*{'QQ' if is_bad else '28'}*A***FT"
    yield f"REF*0F*S{n:09d}"
    yield "REF*1L*G001234"
    yield "DTP*336*D8*20251101"
    yield f"NM1*IL*1*LAST{n}*FIRST{n}****34*{100000000 + n}"
    yield f"N3*{n} MAIN ST"
    yield f"N4*SPRINGFIELD*IL*{10000 + n % 80000}"
    yield f"DMG*D8*{1950 + n % 60}{1 + n % 12:02d}{1 + n % 28:02d}*{'MF'[n % 2]}"
    yield "HD*021**PPO*GOLD*EMP"
    yield "DTP*348*D8*20251101"
    yield f"AMT*P3*{200 + n % 900}.{n % 90 + 10}"
    yield "REF*1L*G001234"
    yield "HD*021**DEN*SMILE*EMP"
    yield "DTP*348*D8*20251101"


def _varied_834(n: int, *, is_bad: bool) -> Iterator[str]:
    subscriber = n % 2 == 1
    day = f"{1950 + n % 60}{1 + n % 12:02d}{1 + n % 28:02d}"
    place = (f"CITY {n}", _STATES[n % 8], f"{10000 + n % 80000}")
    reason = "QQ" if is_bad else ("20", "22", "28", "41")[n % 4]
    relation = "Y*18" if subscriber else f"N*{('01', '19', '17')[n % 3]}"
    yield f"INS*{relation}*{('021', '001')[n % 2]}*{reason}*A*{'ABC'[n % 3]}:{n % 3}**FT"
    yield f"REF*0F*S{n:09d}"
    yield f"REF*1L*G{n % 977:05d}"
    yield f"REF*DX*DEPT{n % 83}"
    yield f"REF*23*CLIENT{n}"
    yield f"DTP*336*D8*20{10 + n % 15}{1 + n % 12:02d}01"
    yield f"DTP*356*D8*2025{1 + n % 12:02d}01"
    yield f"NM1*IL*1*LAST{n}*FIRST{n}*{chr(65 + n % 26)}***34*{100000000 + n}"
    yield f"PER*IP**HP*555{n:07d}*EM*P{n}@EXAMPLE.COM"
    yield f"N3*{n} MAIN ST*APT {n % 997}"
    yield f"N4*{place[0]}*{place[1]}*{place[2]}"
    yield f"DMG*D8*{day}*{'MF'[n % 2]}*{'IMSRU'[n % 5]}*{'CDE'[n % 3]}:RET:{n % 3000}-{n % 9}"
    yield f"EC*0{1 + n % 9}"
    yield f"ICM*{1 + n % 4}*{30000 + n}*40"
    yield f"AMT*D2*{n % 5000}.25"
    yield f"HLH*{'NSTUX'[n % 5]}*{60 + n % 18}*{100 + n % 150}"
    yield f"LUI*LD*L{n % 999:03d}**{5 + n % 4}"
    if n % 5 == 0:
        yield f"NM1*70*1*OLD{n}*FIRST{n}"
        yield f"DMG*D8*{day}*{'FM'[n % 2]}"
    yield "NM1*31*1"
    yield f"N3*PO BOX {n}"
    yield f"N4*{place[0]}*{place[1]}*{place[2]}"
    if subscriber:
        yield f"NM1*36*2*EMPLOYER {n}"
        yield f"PER*EP*OFFICE {n}*TE*555{n:07d}"
    else:
        yield f"NM1*M8*2*SCHOOL {n}"
        yield f"NM1*QD*1*PAYER{n}*P{n}"
        yield f"PER*RP**WP*555{n:07d}"
    if n % 7 == 0:
        yield f"DSB*{1 + n % 4}******DX*{7000 + n}"
        yield f"DTP*360*D8*2025{1 + n % 12:02d}02"
    yield f"HD*021**{('PPO', 'HMO', 'EPO')[n % 3]}*PLAN {n}*{_LEVELS[n % 4]}"
    yield f"DTP*348*D8*2025{1 + n % 12:02d}01"
    yield f"DTP*349*D8*2026{1 + n % 12:02d}28"
    yield f"AMT*P3*{200 + n}.{n % 90 + 10}"
    yield f"REF*17*CAT{n}"
    yield f"LX*{1 + n % 9}"
    yield f"NM1*P3*1*DOCTOR{n}*D{n}****XX*{1000000000 + n}*25"
    yield f"PLA*2*1P*2025{1 + n % 12:02d}05**14"
    yield f"COB*P*GRP{n}*1"
    yield f"DTP*344*D8*2024{1 + n % 12:02d}01"
    yield f"NM1*IN*2*OTHER PLAN {n}*****FI*{200000000 + n}"
    yield f"HD*021**DEN*DENTAL {n}*{_LEVELS[n % 4]}"
    yield f"DTP*348*D8*2025{1 + n % 12:02d}01"
    yield "LS*2700"
    yield "LX*1"
    yield f"N1*75*CATEGORY {n}"
    yield f"REF*9X*R-{n}"
    yield f"DTP*007*D8*2025{1 + n % 12:02d}01"
    yield "LE*2700"


def _cents(n: int) -> int:
    return 10000 + n % 89999


def _head_820(members: int, kind: str) -> Iterator[str]:
    lines = sum(map(_cents, range(1, members + 1)))
    adjusted = 100 * sum(1 for n in range(1, members + 1) if n % 10 == 0) if kind == "820-varied" else 0
    total = lines - adjusted
    yield f"BPR*I*{total // 100}.{total % 100:02d}*C*NON******1512345678******20251130"
    yield "TRN*3*TRACE0001*1512345678"
    yield "DTM*582****RD8*20251101-20251130"
    yield "N1*PE*EXAMPLE HEALTH PLAN*FI*987654321"
    yield "N1*PR*ACME CORP*FI*123456789"


def _plain_820(n: int, *, is_bad: bool) -> Iterator[str]:
    amount = f"{_cents(n) // 100}.{_cents(n) % 100:02d}"
    yield f"ENT*{n}*2J*EI*E{n:08d}"
    yield f"NM1*IL*1*LAST{n}*FIRST{n}"
    yield f"RMR*AZ*POLICY{n}**{amount}"
    yield f"REF*{'QQ' if is_bad else '14'}*ACCT1"
    yield "DTM*582****RD8*20251101-20251130"


def _varied_820(n: int, *, is_bad: bool) -> Iterator[str]:
    amount = f"{_cents(n) // 100}.{_cents(n) % 100:02d}"
    month = 1 + n % 12
    yield f"ENT*{n}*2J*{('EI', '34', 'II')[n % 3]}*E{n:08d}"
    yield f"NM1*{('IL', 'EY', 'QE')[n % 3]}*1*LAST{n}*FIRST{n}*{chr(65 + n % 26)}***EI*E{n:08d}"
    if n % 10 == 0:
        yield "ADX*-1.00*53"
    yield f"RMR*{('AZ', 'IK', 'ID')[n % 3]}*POLICY{n}**{amount}*{amount}"
    yield f"REF*{'QQ' if is_bad else '14'}*ACCT{n}"
    yield f"REF*ZZ*NOTE{n}"
    yield f"DTM*582****RD8*2025{month:02d}01-2025{month:02d}28"
    if n % 4 == 0:
        yield "ADX*5*H1"
        yield "ADX*-5*AX"


def main() -> None:
    """Write the file that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("members", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--bad", type=float, default=0.0, help="share of loops with a fault")
    asked = parser.parse_args()
    with asked.file.open("wb") as out:
        write(asked.kind, asked.members, out, bad=asked.bad)


if __name__ == "__main__":
    main()

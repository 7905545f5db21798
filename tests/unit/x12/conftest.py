"""Files and helpers for the tests of the engine: interchanges written by hand, checked, and their findings by place."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.domain.finding import Finding
from gateway.x12.check import (
    CheckEvent,
    GroupClosed,
    InterchangeClosed,
    Limits,
    SetChecked,
    Severities,
    check,
)
from gateway.x12.guide import GuideLibrary

GUIDES = Path(__file__).parents[3] / "mappings" / "guides"

FULL_834 = """
BGN*00*REF0001*20251105*0800*ET***2
REF*38*G001234
DTP*303*D8*20251101
DTP*382*D8*20251102
QTY*ET*1
QTY*DT*1
QTY*TO*2
N1*P5*ACME CORP*FI*123456789
N1*IN*EXAMPLE HEALTH PLAN*FI*987654321
N1*BO*BEST BROKERS*94*BRK777
ACT*ACCT55
INS*Y*18*021*28*A*D:0**FT**N*******2
REF*0F*S100
REF*1L*G001234
REF*DX*DEPT7
REF*23*CLIENT9
DTP*336*D8*20251101
DTP*356*D8*20251101
NM1*IL*1*ALPHA*ANN*B*MS*JR*34*111223333
PER*IP**HP*5551234567*EM*ANN@EXAMPLE.COM*TE*5557654321
N3*1 MAIN ST*APT 2
N4*SPRINGFIELD*IL*62701**CY*SANGAMON
DMG*D8*19800102*F*M*C:RET:2131-1*1
EC*01*02
ICM*1*50000*40*SITE5*A
AMT*D2*100.50
AMT*P3*1240
HLH*N*70*160
LUI*LD*ENG**7
NM1*70*1*ALFA*ANN
DMG*D8*19800103*F
NM1*31*1
N3*PO BOX 5
N4*SPRINGFIELD*IL*62702
NM1*36*2*ACME CORP
PER*EP*HUMAN RESOURCES*TE*5551112222
N3*2 WORK ST
N4*CHICAGO*IL*60601
NM1*M8*2*STATE UNIVERSITY
PER*SK*REGISTRAR*EM*REG@EXAMPLE.EDU
N3*3 SCHOOL RD
N4*URBANA*IL*61801
NM1*S3*1*BRAVO*BOB
PER*PQ**CP*5553334444
N3*4 PARENT WAY
N4*PEORIA*IL*61602
NM1*QD*1*CHARLIE*CAT
PER*RP**WP*5554445555
N3*5 PAYER PL
N4*JOLIET*IL*60432
NM1*45*1*DELTA*DAN
N3*6 DROP DR
N4*AURORA*IL*60502
DSB*1******DX*7241
DTP*360*D8*20251103
DTP*361*D8*20251203
HD*021**PPO*GOLD*ESP
DTP*348*D8*20251101
DTP*349*D8*20261031
AMT*P3*1240
REF*1L*G001234
REF*17*CAT5
REF*QQ*UNIT4
IDC*CARD*H*2*1
LX*1
NM1*P3*1*ECHO*EVE****XX*1234567893*25
N3*7 DOCTOR ST
N4*ELGIN*IL*60120
PER*IC**TE*5556667777
PLA*2*1P*20251101**14
COB*P*GRP77*1
REF*60*OLD123
DTP*344*D8*20240101
DTP*345*D8*20241231
NM1*IN*2*OTHER PLAN*****FI*222334444
N3*8 PLAN AVE
N4*NAPERVILLE*IL*60540
PER*CN**TE*5558889999
HD*021**DEN*GOLD DENTAL*ESP
DTP*348*D8*20251101
LS*2700
LX*1
N1*75*CARRIER TO BILL
REF*17*YES
DTP*007*D8*20251101
LX*2
N1*75*RATING AREA
REF*9X*R-IL001
DTP*007*RD8*20251101-20251130
LE*2700
INS*N*01*021*28*A
REF*0F*S100
REF*1L*G001234
NM1*IL*1*ALPHA*ADAM
DMG*D8*19790405*M
HD*021**PPO*GOLD
DTP*348*D8*20251101
"""
"""An 834 in which every loop of 005010X220A1 stands at least once."""

FULL_820 = """
BPR*C*3720*C*ACH*CTX*01*011000015*DA*123456*1512345678*999999999*01*021000021*DA*987654*20251130
TRN*1*TRACE0001*1512345678*SUPP1
CUR*PR*USD
REF*14*ACCT1
REF*38*POL1
DTM*009*20251128
DTM*035*20251129
DTM*582****RD8*20251101-20251130
DTM*097*20251127
N1*PE*EXAMPLE HEALTH PLAN*FI*987654321
N2*SECOND LINE
N3*1 PLAN ST
N4*CHICAGO*IL*60601
RDM*EM*BILLS*A@EXAMPLE.COM
N1*PR*ACME CORP*FI*123456789
N2*PAYROLL
N3*2 WORK ST
N4*CHICAGO*IL*60602
PER*IC*PAT PAYER*TE*5551112222
N1*BK*FIRST BANK*94*4455
ENT*1*2L*FI*123456789
ADX*-10*52
RMR*IK*INV20251201*PI*510*500
REF*14*ACCT1
DTM*582****RD8*20251101-20251130
IT1*1
SAC*C*A172***500
SLN*1**O*10*IE
ADX*10*H1
RMR*11*ACCT1*PO*100
ENT*2*2J*EI*E100
NM1*IL*1*ALPHA*ANN****EI*E100
ADX*-20*53
RMR*AZ*POLICY1**1240*1240
REF*14*ACCT1
DTM*582****RD8*20251101-20251130
ADX*0*AX
RMR*IK*INV7**1
ENT*3*2J*34*222334444
NM1*EY*1*BRAVO*BOB
RMR*AZ*POLICY2**1899*1899
DTM*582****RD8*20251101-20251130
"""


def interchange(
    *sets: str, kind: str = "834", guide: str = "005010X220A1", isa: str = "000000001", end: str = "~\n"
) -> bytes:
    """Return one interchange with one group; each set is the lines between ST and SE."""
    functional = {"834": "BE", "820": "RA", "999": "FA", "997": "FA"}[kind]
    version = "00401" if guide.startswith("004") else "00501"
    lines = [
        f"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *251105*0800*"
        f"{'U' if version == '00401' else '^'}*{version}*{isa}*0*P*:",
        f"GS*{functional}*SENDER*RECEIVER*20251105*0800*7*X*{guide}",
    ]
    for number, body in enumerate(sets, start=1):
        segments = body.strip().splitlines()
        st03 = f"*{guide}" if version == "00501" else ""
        lines += [f"ST*{kind}*{number:04d}{st03}", *segments, f"SE*{len(segments) + 2}*{number:04d}"]
    lines += [f"GE*{len(sets)}*7", f"IEA*1*{isa}"]
    return (end.join(lines) + end).encode("latin-1")


@dataclass(frozen=True)
class Checked:
    """The events of one check, and shorter ways to what tests ask for."""

    events: tuple[CheckEvent, ...]

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def sets(self) -> list[SetChecked]:
        return self.of(SetChecked)

    @property
    def groups(self) -> list[GroupClosed]:
        return self.of(GroupClosed)

    @property
    def interchanges(self) -> list[InterchangeClosed]:
        return self.of(InterchangeClosed)

    @property
    def findings(self) -> list[Finding]:
        return [finding for event in self.events for finding in getattr(event, "findings", ())]

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings]

    @property
    def places(self) -> list[tuple]:
        """Code, segment, position and element of every finding."""
        return [(f.code, f.place.segment, f.place.position, f.place.element) for f in self.findings]


CheckBytes = Callable[..., Checked]


@pytest.fixture(scope="session")
def library() -> GuideLibrary:
    return GuideLibrary(GUIDES)


@pytest.fixture(scope="session")
def run(library: GuideLibrary) -> CheckBytes:
    def checked(data: bytes, *, limits: Limits | None = None, severities: Severities | None = None) -> Checked:
        return Checked(tuple(check(io.BytesIO(data), library, limits, severities=severities)))

    return checked


@pytest.fixture(scope="session")
def envelope() -> Callable[..., bytes]:
    return interchange


@pytest.fixture(scope="session")
def full_834() -> str:
    return FULL_834


@pytest.fixture(scope="session")
def full_820() -> str:
    return FULL_820

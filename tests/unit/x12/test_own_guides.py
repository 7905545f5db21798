"""The guides that pyx12 lacks: each takes a good set, finds a fault at its place, and runs in pyx12's own engine."""

import io
import logging
import shutil
from pathlib import Path

import pytest
import pyx12
from lxml import etree
from pyx12.params import ParamsBase
from pyx12.x12n_document import x12n_document

from gateway.domain.exchange import AckCode
from gateway.x12.check import SetChecked, check
from gateway.x12.check_envelope import ISA_BYTES, read_isa
from gateway.x12.check_segment import SegmentReader
from gateway.x12.guide import GuideLibrary, SegmentNode

GUIDES = Path(__file__).parents[3] / "mappings" / "guides"
PYX12_MAPS = Path(pyx12.__file__).parent / "map"
OWN = sorted(path.name for path in GUIDES.glob("*.xml") if etree.parse(str(path)).getroot().tag == "transaction")

X306 = """BPR*I*910*C*ACH*CCP*******01*000000001*DA*12345*20260228~TRN*3*TRACE1~REF*TV*9~
N1*PE*EXAMPLE HEALTH*FI*987654321~N1*RM*EXCHANGE*58*EXC~PER*IC*DESK*EM*DESK@EXAMPLE.ORG*TE*8005550100~
ENT*1~NM1*IL*1*ALPHA*ANN****C1*7001~REF*38*78079DC0220021~REF*POL*4567~REF*0F*S100~
RMR*ZZ*APTC**935~DTM*582****RD8*20260201-20260228~RMR*ZZ*UF**-25~DTM*582****RD8*20260201-20260228~
ENT*2~RMR*ZZ*BAL**0~REF*0N*RPT*1~DTM*582****RD8*20260201-20260228~"""
X307 = """BGN*00*REF1*20260105*1200****2~REF*38*573~DTP*007*D8*20260201~QTY*TO*2~QTY*DT*1~QTY*ET*1~
N1*41*EXCHANGE*46*900000001~N1*40*RECEIVER*46*900000002~N1*IN*ISSUER*FI*900000003~
INS*Y*18*021*EC*A***FT~REF*0F*S100~REF*POL*P1~DTP*356*D8*20260201~
NM1*IL*1*ALPHA*ANN*P***34*900112222~PER*IP**TE*3125550100*EM*ANN@EXAMPLE.ORG~N3*1 MAIN ST~N4*CHICAGO*IL*60616**CY*COOK~
DMG*D8*19800102*F**C~HLH*T~HI*ZZ:1:D8:20260201:20*ZZ:2:D8:20260201:30::A~NM1*QD*1*ALPHA*BOB~
HD*021**HLT**ESP~DTP*348*D8*20260201~REF*CE*78079DC0220021-01~
INS*N*01*021*EC*A~REF*0F*S100~NM1*IL*1*ALPHA*ADAM~HD*021**HLT~DTP*348*D8*20260201~
LS*2700~LX*1~N1*75*PRE AMT TOT~REF*9X*808.31~DTP*007*D8*20260201~LX*2~N1*75*APTC AMT~REF*9V*626.66~LE*2700~"""
X186 = """BGN*11*OURREF1*20260105*0932**REF0001**RU~N1*41*EXAMPLE HEALTH*46*987654321~PER*IC*DESK*TE*8005550100~
N1*40*ACME CORP*46*B5678~OTI*TP*TN*NA***20260104*0902*2*0001*834*005010X220A1~REF*0F*S100~
TED*024**INS*12*3**099~CTX*SUBSCRIBER NUMBER REF02:S100*INS*12*2000*3~NTE**The subscriber is not on file.~
RED*NA**94**IBP*E038~
OTI*TA*TN*NA***20260104*0902*2*0002*834*005010X220A1~"""
PLAIN_810 = """BIG*20260105*INV20260105~NTE*GEN*Premium~CUR*SE*USD~REF*14*A100~N1*SE*EXAMPLE HEALTH*FI*987654321~
N1*BT*ACME CORP*FI*123456789~N3*1 MAIN ST~N4*SPRINGFIELD*IL*62701~PER*BI*DESK*TE*8005550100~ITD*05*3****20260201~
DTM*186*20260201~DTM*187*20260228~IT1*1*1*EA*1240**SV*GOLD~PID*F****Medical, employee and spouse~REF*0F*S100~
SLN*1**I*1*EA*1240~IT1*2*1*EA*-600**SV*GOLD~TDS*64000~AMT*1*640~SAC*C*D240***0~CTT*2~"""
PLAIN_811 = """BIG*20260105*INV20260105*****CN~REF*14*A100~ITD*03*3****20260201~DTM*186*20260201~
N1*PE*EXAMPLE HEALTH*FI*987654321~N3*1 MAIN ST~N4*SPRINGFIELD*IL*62701~N1*PR*ACME CORP*FI*123456789~
HL*1**1*1~LX*1~REF*14*A100~NM1*PE*2*EXAMPLE HEALTH~PER*BI**TE*8005550100~HL*2*1*4*1~IT1*1*1*EA*1240**SV*GOLD~
QTY*PT*3~NM1*IL*1*ALPHA*ANN****EI*A100~HL*3*2*8*0~SLN*1**I*1*EA*-600~DTM*582*20260101~TDS*64000~
BAL*P*PB*0~BAL*M*TT*640~N1*PE*EXAMPLE HEALTH~BAL*M*TT*640~CTT*3~"""
PLAIN_820 = """BPR*C*620*C*ACH*CTX*01*071000013*DA*1234*1123456789**01*071000013*DA*9876*20260105~
TRN*1*TRACE1*1123456789~
REF*14*A100~DTM*097*20260105~N1*PE*EXAMPLE HEALTH*FI*987654321~N1*PR*ACME CORP*FI*123456789~PER*IC*DESK*TE*8005550100~
ENT*1~NM1*EY*1*ALPHA*ANN****EI*A100~ADX*10*52~REF*ZZ*1~RMR*IK*INV1*PI*610*620~REF*38*P1~DTM*582****RD8*20260101-20260131~
IT1*1~SAC*C*A172***100~SLN*1**O*3*EA~ADX*-10*H6~NTE*ADD*LATER~"""
PLAIN_824 = """BGN*11*404*20260105*1134~N1*41*ACME CORP~OTI*TE*BM*6394***20260104*1033*40860*408600001~REF*EQ*1~
TED*024*Amount differs~NTE**Please call~RED*NA**94**IBP*E038~LM*ZZ~LQ*IBP*E038~"""
PLAIN_997 = """AK1*IN*7~AK2*810*0001~AK3*TXI*54**8~AK4*1*963*7*C1~AK5*R*5~AK2*810*0002~AK5*A~AK9*P*2*2*1~"""

GOOD = {
    "820.5010.X306.xml": ("00501", "RA", "005010X306", "820", X306),
    "834.5010.X307.xml": ("00501", "BE", "005010X307", "834", X307),
    "824.5010.X186.A1.xml": ("00501", "AG", "005010X186A1", "824", X186),
    "810.xml": ("00401", "IN", "004010", "810", PLAIN_810),
    "811.xml": ("00401", "CI", "004010", "811", PLAIN_811),
    "820.xml": ("00401", "RA", "004010", "820", PLAIN_820),
    "824.xml": ("00401", "AG", "004010", "824", PLAIN_824),
    "997.xml": ("00401", "FA", "004010", "997", PLAIN_997),
}
HIPAA = "005010X"


def interchange(version: str, functional_id: str, guide: str, set_type: str, body: str) -> bytes:
    segments = [line for line in body.replace("\n", "").split("~") if line]
    st = f"ST*{set_type}*0001" + (f"*{guide}" if guide.startswith(HIPAA) else "")
    isa11 = "^" if version == "00501" else "U"
    return "~".join(
        [
            "ISA*00*          *00*          *ZZ*ACME           *ZZ*EXAMPLEHEALTH  *260105*1200"
            f"*{isa11}*{version}*000000001*0*T*:",
            f"GS*{functional_id}*ACME*EHP*20260105*1200*1*X*{guide}",
            st,
            *segments,
            f"SE*{len(segments) + 2}*0001",
            "GE*1*1",
            "IEA*1*000000001",
            "",
        ]
    ).encode()


def checked(content: bytes) -> SetChecked:
    (found,) = (e for e in check(io.BytesIO(content), GuideLibrary(GUIDES)) if isinstance(e, SetChecked))
    return found


def findings(content: bytes) -> list[tuple[str, str | None, int | None, int | None]]:
    return [(f.code, f.place.segment, f.place.position, f.place.element) for f in checked(content).findings]


@pytest.fixture(scope="module")
def pyx12_folder(tmp_path_factory) -> Path:
    """pyx12's maps with ours among them, so that pyx12's own engine can run ours."""
    folder = tmp_path_factory.mktemp("maps")
    for path in PYX12_MAPS.glob("*.xml"):
        shutil.copy(path, folder)
    for name in GOOD:
        shutil.copy(GUIDES / name, folder)
    elements = etree.parse(str(folder / "dataele.xml"))
    elements.getroot().extend(etree.parse(str(GUIDES / "dataele.xml")).getroot().findall("data_ele"))
    elements.write(str(folder / "dataele.xml"))
    index = etree.parse(str(folder / "maps.xml"))
    for name, (version, functional_id, guide, set_type, _) in GOOD.items():
        parent = index.getroot().find(f"version[@icvn='{version}']")
        for known in parent.findall(f"map[@vriic='{guide}'][@fic='{functional_id}']"):
            parent.remove(known)
        etree.SubElement(parent, "map", vriic=guide, fic=functional_id, abbr=set_type).text = name
    index.write(str(folder / "maps.xml"))
    return folder


def faults_by_pyx12(content: bytes, folder: Path, caplog, tmp_path) -> list[str]:
    source = tmp_path / "sample.x12"
    source.write_bytes(content)
    caplog.clear()
    with caplog.at_level(logging.ERROR, logger="pyx12"):
        x12n_document(ParamsBase(), str(source), io.StringIO(), None, map_path=str(folder))
    return [record.getMessage() for record in caplog.records]


def test_every_guide_of_ours_has_a_sample_here():
    assert OWN == sorted([*GOOD, "TA1.xml"])


@pytest.mark.parametrize("name", list(GOOD))
def test_a_good_set_is_accepted_without_findings(name):
    found = checked(interchange(*GOOD[name]))
    assert (AckCode.ACCEPTED, ()) == (found.ack, found.findings)


@pytest.mark.parametrize("name", list(GOOD))
def test_pyx12_runs_our_guide_and_accepts_the_same_set(name, pyx12_folder, caplog, tmp_path):
    assert [] == faults_by_pyx12(interchange(*GOOD[name]), pyx12_folder, caplog, tmp_path)


@pytest.mark.parametrize(
    ("name", "good", "bad", "expected"),
    [
        ("820.5010.X306.xml", "BPR*I*910", "BPR*C*910", [("IK403:7", "BPR", 2, 1)]),
        ("820.5010.X306.xml", "N1*RM*EXCHANGE*58*EXC~", "", [("IK304:3", "N1", 7, None)]),
        ("820.5010.X306.xml", "RMR*ZZ*APTC**935", "RMR*ZZ*APTC*PI*935", [("IK403:I10", "RMR", 13, 3)]),
        ("820.5010.X306.xml", "RD8*20260201-20260228~RMR", "RD8*20260201~RMR", [("IK403:8", "DTM", 14, 6)]),
        ("834.5010.X307.xml", "HLH*T", "HLH*Q", [("IK403:7", "HLH", 20, 1)]),
        ("834.5010.X307.xml", "N4*CHICAGO*IL", "N4*CHICAGO*XX", [("IK403:7", "N4", 18, 2)]),
        ("834.5010.X307.xml", "LE*2700~", "", [("IK304:3", "LE", 39, None)]),
        ("824.5010.X186.A1.xml", "OTI*TP", "OTI*TX", [("IK403:7", "OTI", 6, 1)]),
        ("824.5010.X186.A1.xml", "**RU~", "~", [("IK403:1", "BGN", 2, 8)]),
        ("824.5010.X186.A1.xml", "RED*NA**94", "RED*NA**93", [("IK403:7", "RED", 11, 3)]),
        ("810.xml", "TDS*64000", "TDS*640.00", [("IK403:6", "TDS", 19, 1)]),
        ("810.xml", "IT1*2*1*EA*-600", "IT1*2*1**-600", [("IK403:2", "IT1", 18, 3)]),
        ("811.xml", "HL*2*1*4*1", "HL*2*1**1", [("IK403:1", "HL", 15, 3)]),
        ("811.xml", "BAL*P*PB*0", "BAL*P*PB", [("IK403:1", "BAL", 23, 3)]),
        ("820.xml", "ADX*-10*H6", "ADX*-10", [("IK403:1", "ADX", 19, 2)]),
        ("820.xml", "NM1*EY*1*", "NM1*EY**", [("IK403:1", "NM1", 10, 2)]),
        ("824.xml", "OTI*TE*BM", "OTI*TE*", [("IK403:1", "OTI", 4, 2)]),
        ("997.xml", "AK9*P*2*2*1~", "AK9*P*2*2~", [("IK403:1", "AK9", 9, 4)]),
        ("997.xml", "AK3*TXI*54**8", "AK3*TXI*54**9", [("IK403:7", "AK3", 4, 4)]),
    ],
)
def test_a_fault_is_found_at_its_place(name, good, bad, expected):
    version, functional_id, guide, set_type, body = GOOD[name]
    assert good in body
    found = findings(interchange(version, functional_id, guide, set_type, body.replace(good, bad, 1)))
    assert expected == found


@pytest.mark.parametrize("name", [name for name, sample in GOOD.items() if sample[2] == "004010"])
def test_the_plain_guides_serve_release_5010_too(name):
    _, functional_id, _, set_type, body = GOOD[name]
    content = interchange("00501", functional_id, "005010", set_type, body)
    assert AckCode.ACCEPTED is checked(content).ack


@pytest.mark.parametrize("name", [*GOOD, "TA1.xml"])
def test_every_data_element_of_our_guides_is_in_a_dictionary(name):
    known = {
        each.get("ele_num")
        for folder in (PYX12_MAPS, GUIDES)
        for each in etree.parse(str(folder / "dataele.xml")).iter("data_ele")
    }
    used = {each.get("data_ele") for each in etree.parse(str(GUIDES / name)).iter("element")}
    assert set() == used - known


def test_our_dictionary_repeats_nothing_of_pyx12s():
    theirs, ours = (
        {each.get("ele_num") for each in etree.parse(str(folder / "dataele.xml")).iter("data_ele")}
        for folder in (PYX12_MAPS, GUIDES)
    )
    assert set() == theirs & ours


def ta1_node() -> SegmentNode:
    guide = GuideLibrary(GUIDES).find("00501", "", "", "TA1")
    assert guide is not None
    (node,) = (child for child in guide.root.children if isinstance(child, SegmentNode) and child.tag == "TA1")
    return node


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("TA1*000000019*260105*1200*A*000", []),
        ("TA1*000000019*260105*1200*E*015", []),
        ("TA1*0659*20110922*0512*A", [(1, "4"), (2, "5"), (5, "1")]),
        ("TA1*000000019*260105*1200*Z*099", [(4, "7"), (5, "7")]),
    ],
)
def test_the_ta1_guide_knows_what_a_ta1_may_say(segment, expected):
    isa = read_isa(interchange(*GOOD["997.xml"]), 0)
    assert isa is not None
    assert ISA_BYTES == isa.length
    reader = SegmentReader(isa.delimiters, "00501")
    assert expected == [(each.element, each.fault.code) for each in reader.faults(ta1_node(), segment.split("*"))]

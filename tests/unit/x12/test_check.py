"""Findings by rule: the 25 faults of our comparison of engines, what pyx12 gets wrong, and what it lets pass."""

import pytest

from gateway.domain.exchange import AckCode
from gateway.domain.finding import Level, Severity
from gateway.x12.check import Limits, Severities

MEMBER = """
INS*Y*18*021*20*A***FT
REF*0F*S100
REF*1L*G001234
DTP*356*D8*20251101
NM1*IL*1*ALPHA*ANN****34*111223333
N3*1 MAIN ST
N4*SPRINGFIELD*IL*62701
DMG*D8*19800102*F
HD*021**PPO*GOLD*EMP
DTP*348*D8*20251101
"""
BASE = f"""
BGN*00*REF0001*20251105*0800*ET***2
N1*P5*ACME CORP*FI*123456789
N1*IN*EXAMPLE HEALTH PLAN*FI*987654321
{MEMBER.strip()}
"""
REMITTANCE = """
BPR*I*300*C*NON******1512345678******20251130
TRN*3*TRACE0001*1512345678
N1*PE*EXAMPLE HEALTH PLAN*FI*987654321
N1*PR*ACME CORP*FI*123456789
ENT*1*2J*EI*E1
NM1*IL*1*ALPHA*ANN
RMR*AZ*POLICY1**100
DTM*582****RD8*20251101-20251130
ENT*2*2J*EI*E2
NM1*IL*1*BRAVO*BOB
RMR*AZ*POLICY2**200*200
"""


def changed(before: str, after: str, base: str = BASE) -> str:
    """Return `base` with one line replaced; an empty `after` takes it out."""
    assert 1 == base.count(f"{before}\n")
    return base.replace(f"{before}\n", f"{after}\n" if after else "")


FAULTS = [
    ("01 bad code", "INS*Y*18*021*20*A***FT", "INS*Y*18*0X1*20*A***FT", [("IK403:7", "INS", 5, 3)]),
    ("02 missing REF*0F", "REF*0F*S100", "", [("IK304:3", "REF", 6, None)]),
    ("03 DMG twice", "DMG*D8*19800102*F", "DMG*D8*19800102*F\nDMG*D8*19800102*F", [("IK304:5", "DMG", 13, None)]),
    ("04 too long", "N3*1 MAIN ST", f"N3*{'1 MAIN ST ' * 6}X", [("IK403:5", "N3", 10, 1)]),
    ("05 bad date", "DTP*348*D8*20251101", "DTP*348*D8*20251131", [("IK403:8", "DTP", 14, 3)]),
    ("06 unknown segment", "N3*1 MAIN ST", "ZZZ*1\nN3*1 MAIN ST", [("IK304:1", "ZZZ", 10, None)]),
    ("08 not used", "HD*021**PPO*GOLD*EMP", "HD*021*X*PPO*GOLD*EMP", [("IK403:I10", "HD", 13, 2)]),
    (
        "09 syntax note",
        "NM1*IL*1*ALPHA*ANN****34*111223333",
        "NM1*IL*1*ALPHA*ANN****34",
        [("IK403:2", "NM1", 9, 9)],
    ),
    (
        "10 order",
        "N3*1 MAIN ST\nN4*SPRINGFIELD*IL*62701",
        "N4*SPRINGFIELD*IL*62701\nN3*1 MAIN ST",
        [("IK304:7", "N3", 11, None)],
    ),
    ("11 missing HD03", "HD*021**PPO*GOLD*EMP", "HD*021***GOLD*EMP", [("IK403:1", "HD", 13, 3)]),
    ("12 too many elements", "N3*1 MAIN ST", "N3*1 MAIN ST**3", [("IK403:3", "N3", 10, 3)]),
    ("15 missing 1000B", "N1*IN*EXAMPLE HEALTH PLAN*FI*987654321", "", [("IK304:3", "N1", 4, None)]),
    (
        "16 1000B twice",
        "N1*IN*EXAMPLE HEALTH PLAN*FI*987654321",
        "N1*IN*EXAMPLE HEALTH PLAN*FI*987654321\nN1*IN*EXAMPLE HEALTH PLAN*FI*987654321",
        [("IK304:4", "N1", 5, None)],
    ),
    ("17 state", "N4*SPRINGFIELD*IL*62701", "N4*SPRINGFIELD*XX*62701", [("IK403:7", "N4", 11, 2)]),
    (
        "18 range in D8",
        "DTP*348*D8*20251101",
        "DTP*348*D8*20251101-20251130",
        [("IK403:8", "DTP", 14, 3)],
    ),
    ("19 trailing separator", "DMG*D8*19800102*F", "DMG*D8*19800102*F*", [("IK403:3", "DMG", 12, 4)]),
    ("22 lower-case id", "N3*1 MAIN ST", "n3*1 MAIN ST", [("IK304:1", "n3", 10, None)]),
    (
        "23 blank name",
        "NM1*IL*1*ALPHA*ANN****34*111223333",
        "NM1*IL*1* *ANN****34*111223333",
        [("IK403:1", "NM1", 9, 3)],
    ),
    ("25 too short", "DTP*356*D8*20251101", "DTP*356*D8*2025110", [("IK403:8", "DTP", 8, 3)]),
]


@pytest.mark.parametrize(("before", "after", "expected"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_is_found_once_at_its_place(before, after, expected, envelope, run):
    checked = run(envelope(changed(before, after)))
    assert expected == checked.places
    assert [AckCode.REJECTED] == [each.ack for each in checked.sets]


ELEMENT_FAULTS = [
    ("INS*Y*18*021*28*A*D:0**FT**N*******2", "INS*Y*18*021*28*A*D:7**FT", [("IK403:7", 6, 2)]),
    ("INS*Y*18*021*28*A*D:0**FT**N*******2", "INS*Y*18*021*28*A*:0**FT", []),
    ("INS*Y*18*021*28*A*D:0**FT**N*******2", "INS*Y*18*021*28*A*D:0:1**FT", [("IK403:I10", 6, 3)]),
    ("INS*Y*18*021*28*A*D:0**FT**N*******2", "INS*Y*18*021*28*A*D:0:::**FT", [("IK403:13", 6, None)]),
    ("INS*Y*18*021*28*A*D:0**FT**N*******2", "INS*Y*18*021*28*A*:**FT", []),
    ("INS*Y*18*021*28*A*D:0**FT**N*******2", "INS*Y*18*021*28*A*D^D**FT", [("IK403:12", 6, None)]),
    ("INS*Y*18*021*28*A*D:0**FT**N*******2", "INS*Y*18*021*28*A*D:0**FT**N*******X", [("IK403:6", 17, None)]),
    ("REF*DX*DEPT7", "REF*DX*DEPT7**A:B", [("IK403:I10", 4, None)]),
    ("REF*DX*DEPT7", "REF*DX*DEPT:7", [("IK403:6", 2, None)]),
    ("REF*DX*DEPT7", "REF*DX*A^B", [("IK403:12", 2, None)]),
    ("REF*DX*DEPT7", "REF*DX*A\tB", [("IK403:6", 2, None)]),
    ("REF*DX*DEPT7", "REF*DX*DEPT7 ", [("IK403:6", 2, None)]),
    ("REF*DX*DEPT7", "REF*DX", [("IK403:1", 2, None), ("IK403:2", 2, None)]),
    ("QTY*ET*1", "QTY*ET*1*2:3", [("IK403:I10", 3, None)]),
    ("QTY*ET*1", "QTY*ET*1*2*3", [("IK403:10", 4, None), ("IK403:I10", 3, None), ("IK403:I10", 4, None)]),
    ("AMT*D2*100.50", "AMT*D2*+100", [("IK403:6", 2, None)]),
    ("AMT*D2*100.50", "AMT*D2*-1234567890123456.78", []),
    ("AMT*D2*100.50", "AMT*D2*-12345678901234567.89", [("IK403:5", 2, None)]),
    ("LUI*LD*ENG**7", "LUI***ENGLISH*7", []),
    ("LUI*LD*ENG**7", "LUI*LD***7", [("IK403:2", 2, None), ("IK403:2", 2, None)]),
    ("N4*SPRINGFIELD*IL*62701**CY*SANGAMON", "N4*SPRINGFIELD*IL*62701***SANGAMON", [("IK403:2", 5, None)]),
    ("N4*SPRINGFIELD*IL*62701**CY*SANGAMON", "N4*SPRINGFIELD**AB1 2CD*GB***ENG", []),
    ("N4*SPRINGFIELD*IL*62701**CY*SANGAMON", "N4*SPRINGFIELD*IL*62701*US***ENG", [("IK403:10", 7, None)]),
    ("DMG*D8*19800102*F*M*C:RET:2131-1*1", "DMG*D8*20240229*F", []),
    ("DMG*D8*19800102*F*M*C:RET:2131-1*1", "DMG*D8*20230229*F", [("IK403:8", 2, None)]),
    ("BGN*00*REF0001*20251105*0800*ET***2", "BGN*00*REF0001*20251105*080059*ET***2", []),
    ("BGN*00*REF0001*20251105*0800*ET***2", "BGN*00*REF0001*20251105*2460*ET***2", [("IK403:9", 4, None)]),
    ("BGN*00*REF0001*20251105*0800*ET***2", "BGN*00*REF0001*20251105*08005*ET***2", [("IK403:9", 4, None)]),
]


@pytest.mark.parametrize(("before", "after", "expected"), ELEMENT_FAULTS)
def test_a_fault_of_an_element_has_its_code_and_component(before, after, expected, envelope, run, full_834):
    found = run(envelope(changed(before, after, full_834))).findings
    assert sorted(map(str, expected)) == sorted(str((f.code, f.place.element, f.place.component)) for f in found)


ENVELOPE_FAULTS = [
    ("07 SE01", b"SE*15*0001", b"SE*16*0001", ("IK502:4", "SE", 15, 1)),
    ("13 GE01", b"GE*1*7", b"GE*2*7", ("AK905:5", "GE", None, 1)),
    ("14 IEA02", b"IEA*1*000000001", b"IEA*1*000000002", ("TA105:001", "IEA", None, 2)),
    ("20 ST02 twice", b"", b"", ("IK502:23", "ST", 1, 2)),
    ("21 SE missing", b"SE*15*0001~\n", b"", ("IK502:2", "SE", 15, None)),
    ("24 SE01 no number", b"SE*15*0001", b"SE*XV*0001", ("IK502:4", "SE", 15, 1)),
]


@pytest.mark.parametrize(
    ("before", "after", "expected"), [each[1:] for each in ENVELOPE_FAULTS], ids=[f[0] for f in ENVELOPE_FAULTS]
)
def test_a_fault_of_the_envelope_is_found_at_its_place(before, after, expected, envelope, run):
    data = envelope(BASE) if before else envelope(BASE, BASE).replace(b"*0002", b"*0001")
    assert not before or before in data
    assert expected in run(data.replace(before, after)).places


def test_the_base_file_itself_is_right(envelope, run):
    checked = run(envelope(BASE))
    assert [] == checked.codes
    assert [AckCode.ACCEPTED] == [each.ack for each in checked.sets]
    assert [(AckCode.ACCEPTED, 1, 1, 1)] == [(g.ack, g.included, g.received, g.accepted) for g in checked.groups]
    assert [(AckCode.ACCEPTED, "000")] == [(each.ta1_code, each.ta1_note) for each in checked.interchanges]


def test_every_loop_of_the_guides_is_accepted(envelope, run, full_834, full_820):
    assert [] == run(envelope(full_834)).codes
    assert [] == run(envelope(full_820, kind="820", guide="005010X218")).codes


# What pyx12 gets wrong (section 5 of the comparison), by its number there.
def test_repeated_elements_and_composites_are_split(envelope, run, full_834):
    """5.1 and 5.2."""
    body = full_834.replace("COB*P*GRP77*1\n", "COB*P*GRP77*1*1^35\n")
    body = body.replace("*C:RET:2131-1*1\n", "*C:RET:2131-1^D:RET:2135-2*1\n")
    assert [] == run(envelope(body)).codes
    wrong = body.replace("1^35", "1^99").replace("D:RET", "D:XXX")
    assert [("IK403:7", 5, 2, 2), ("IK403:7", 4, None, 2)] == [
        (f.code, f.place.element, f.place.component, f.place.repetition) for f in run(envelope(wrong)).findings
    ]


def test_a_range_with_two_dashes_is_a_bad_date(envelope, run):
    """5.3."""
    body = changed("DTM*582****RD8*20251101-20251130", "DTM*582****RD8*2025-1101-20251130", REMITTANCE)
    checked = run(envelope(body, kind="820", guide="005010X218"))
    assert [("IK403:8", "DTM", 9, 6)] == checked.places


def test_a_letter_of_eight_bits_is_a_warning(envelope, run):
    """5.4: the set is accepted with errors, and told so."""
    checked = run(envelope(changed("N3*1 MAIN ST", "N3*1 MAIN STRA\xdfE")))
    assert [("IK403:6", "N3", 10, 1)] == checked.places
    assert [AckCode.WITH_ERRORS] == [each.ack for each in checked.sets]
    assert [AckCode.WITH_ERRORS] == [each.ack for each in checked.groups]


@pytest.mark.parametrize(
    ("guide", "functional", "group", "of_set"),
    [
        ("005010X220", b"BE", "AK905:2", "IK502:I6"),
        ("005010X220A1", b"ZZ", "AK905:1", "IK502:1"),
        ("005010X220A1", b"RA", "AK905:2", "IK502:I6"),
    ],
)
def test_an_unknown_guide_is_a_finding(guide, functional, group, of_set, envelope, run):
    """5.5."""
    data = envelope(BASE, guide=guide).replace(b"GS*BE*", b"GS*" + functional + b"*")
    checked = run(data)
    assert [of_set] == [f.code for f in checked.sets[0].findings]
    assert [group] == [f.code for f in checked.groups[0].findings]
    assert (AckCode.REJECTED, 0) == (checked.groups[0].ack, checked.groups[0].accepted)
    assert "000" == checked.interchanges[0].ta1_note


def test_another_guide_in_st03_is_a_finding(envelope, run):
    """5.6."""
    data = envelope(BASE).replace(b"ST*834*0001*005010X220A1", b"ST*834*0001*005010X307")
    assert "IK502:19" in run(data).codes


def test_a_set_without_st03_is_checked_by_gs08(envelope, run):
    """5.6."""
    data = envelope(BASE).replace(b"ST*834*0001*005010X220A1", b"ST*834*0001")
    assert [("IK502:19", "ST", 1, 3)] == run(data).places


QUALIFIERS = [
    ("INS*Y*18*021*20*A***FT", "INS*X*18*021*20*A***FT", ("IK403:7", "INS", 5, 1)),
    ("BGN*00*REF0001*20251105*0800*ET***2", "BGN*99*REF0001*20251105*0800*ET***2", ("IK403:7", "BGN", 2, 1)),
    (
        "NM1*IL*1*ALPHA*ANN****34*111223333",
        "NM1*XX*1*ALPHA*ANN****34*111223333",
        ("IK403:7", "NM1", 9, 1),
    ),
    ("REF*1L*G001234", "REF*QZ*G001234", ("IK403:7", "REF", 7, 1)),
    ("N1*P5*ACME CORP*FI*123456789", "N1*PX*ACME CORP*FI*123456789", ("IK403:7", "N1", 3, 1)),
]


@pytest.mark.parametrize(("before", "after", "expected"), QUALIFIERS)
def test_a_bad_qualifier_is_one_fault_and_no_cascade(before, after, expected, envelope, run):
    """5.7."""
    assert [expected] == run(envelope(changed(before, after))).places


def test_a_bad_handling_code_does_not_lose_the_payment(envelope, run):
    """5.7: BPR."""
    body = changed(
        "BPR*I*300*C*NON******1512345678******20251130", "BPR*Q*300*C*NON******1512345678******20251130", REMITTANCE
    )
    assert [("IK403:7", "BPR", 2, 1)] == run(envelope(body, kind="820", guide="005010X218")).places


def test_a_missing_beginning_segment_is_one_fault(envelope, run):
    assert [("IK304:3", "BGN", 2, None)] == run(envelope(changed("BGN*00*REF0001*20251105*0800*ET***2", ""))).places


WARNINGS_834 = [
    ("INS*Y*18*021*20*A***FT", "INS*Y*19*021*20*A***FT", ("MEMBER_RELATION", "INS", 5, 2)),
    ("INS*Y*18*021*20*A***FT", "INS*N*18*021*20*A***FT", ("MEMBER_RELATION", "INS", 5, 2)),
    ("DTP*348*D8*20251101", "DTP*348*D8*20251101\nDTP*349*D8*20251001", ("DATE_LOGIC", "DTP", 15, 3)),
    ("DTP*348*D8*20251101", "DTP*348*RD8*20251130-20251101", ("IK403:8", "DTP", 14, 3)),
    ("DTP*348*D8*20251101", "DTP*348*D8*29990101", ("IK403:8", "DTP", 14, 3)),
    ("N4*SPRINGFIELD*IL*62701", "N4*SPRINGFIELD*IL*6270", ("POSTAL_CODE", "N4", 11, 3)),
]


@pytest.mark.parametrize(("before", "after", "expected"), WARNINGS_834)
def test_what_pyx12_lets_pass_is_a_warning_that_refuses_nothing(before, after, expected, envelope, run):
    """5.8."""
    checked = run(envelope(changed(before, after)))
    assert [expected] == checked.places
    assert [Severity.WARNING] == [f.severity for f in checked.findings]
    assert [AckCode.ACCEPTED] == [each.ack for each in checked.sets]


def test_ls_without_le_is_a_missing_segment(envelope, run, full_834):
    """5.8."""
    assert [("IK304:3", "LE", 91, None)] == run(envelope(full_834.replace("LE*2700\n", ""))).places


@pytest.mark.parametrize("state", ["PW", "QC", "NL", "NU"])
def test_states_that_pyx12_lacks_are_known(state, envelope, run):
    """5.9."""
    assert [] == run(envelope(changed("N4*SPRINGFIELD*IL*62701", f"N4*SPRINGFIELD*{state}*62701"))).codes


def test_a_cancellation_may_end_before_it_begins(envelope, run):
    body = changed("HD*021**PPO*GOLD*EMP", "HD*024**PPO*GOLD*EMP")
    body = changed("DTP*348*D8*20251101", "DTP*348*D8*20251101\nDTP*349*D8*20251031", body)
    assert [] == run(envelope(body)).codes


COUNTS = "QTY*ET*{}\nQTY*DT*{}\nQTY*TO*{}"


@pytest.mark.parametrize(
    ("said", "expected"),
    [((2, 1, 3), []), ((1, 1, 3), ["COUNT_MISMATCH"]), ((3, 0, 4), ["COUNT_MISMATCH"] * 3)],
)
def test_totals_of_members_are_counted(said, expected, envelope, run):
    dependent = MEMBER.replace("INS*Y*18*", "INS*N*19*")
    header = "BGN*00*REF0001*20251105*0800*ET***2"
    body = changed(header, f"{header}\n{COUNTS.format(*said)}") + MEMBER.strip() + dependent.rstrip()
    assert expected == run(envelope(body)).codes


PAYMENTS = [
    (
        "BPR*I*300*C*NON******1512345678******20251130",
        "BPR*I*301*C*NON******1512345678******20251130",
        [("OUT_OF_BALANCE", "BPR", 2, 2)],
    ),
    ("RMR*AZ*POLICY2**200*200", "RMR*AZ*POLICY2**200*210", [("OUT_OF_BALANCE", "RMR", 12, 5)]),
    ("RMR*AZ*POLICY2**200*200", "RMR*AZ*POLICY2**200*210\nADX*-10*52", []),
    ("RMR*AZ*POLICY2**200*200", "ADX*50*52\nRMR*AZ*POLICY2**150*150", []),
    ("ENT*2*2J*EI*E2", "ENT*3*2J*EI*E2", [("ENT_SEQUENCE", "ENT", 10, 1)]),
]


@pytest.mark.parametrize(("before", "after", "expected"), PAYMENTS)
def test_payments_are_balanced_and_counted(before, after, expected, envelope, run):
    checked = run(envelope(changed(before, after, REMITTANCE), kind="820", guide="005010X218"))
    assert expected == checked.places
    assert [Level.BUSINESS] * len(expected) == [f.level for f in checked.findings]


def test_the_severity_of_a_rule_can_be_set_and_bound_to_a_set_type(envelope, run):
    data = envelope(changed("INS*Y*18*021*20*A***FT", "INS*Y*19*021*20*A***FT"))
    refused = run(data, severities=Severities({"MEMBER_RELATION": Severity.ERROR}))
    other = run(data, severities=Severities({"820/MEMBER_RELATION": Severity.ERROR}))
    off = run(data, severities=Severities({"MEMBER_RELATION": Severity.ERROR, "834/MEMBER_RELATION": None}))
    assert [AckCode.REJECTED] == [each.ack for each in refused.sets]
    assert [AckCode.ACCEPTED] == [each.ack for each in other.sets]
    assert [] == off.codes


def test_the_severity_of_a_code_can_be_set(envelope, run):
    data = envelope(changed("N4*SPRINGFIELD*IL*62701", "N4*SPRINGFIELD*XX*62701"))
    checked = run(data, severities=Severities({"IK403:7": Severity.WARNING}))
    assert [AckCode.WITH_ERRORS] == [each.ack for each in checked.sets]


def test_findings_over_the_limit_are_counted(envelope, run):
    body = BASE.rstrip() + MEMBER.replace("*20*A", "*XX*A").rstrip() * 10
    checked = run(envelope(body), limits=Limits(findings_per_set=3))
    assert (3, 7) == (len(checked.sets[0].findings), checked.sets[0].findings_left_out)


def test_a_finding_carries_what_the_acknowledgement_needs(envelope, run):
    body = BASE.rstrip() + MEMBER.replace("*20*A", "*XX*A").replace("S100", "S200").rstrip()
    (finding,) = run(envelope(body)).findings
    place = finding.place
    assert ("INS", 15, 4, "2000") == (place.segment, place.position, place.element, place.loop)
    assert (1203, "XX", 2) == (finding.element_reference, finding.value, finding.member)
    assert "SUBSCRIBER NUMBER REF02:S200" == finding.context
    assert (17, envelope(body).rindex(b"INS*")) == (place.line, place.byte)
    assert "S200" not in repr(finding)


def test_a_finding_in_a_remittance_is_told_with_its_ent01(envelope, run):
    body = changed("RMR*AZ*POLICY2**200*200", "RMR*AZ*POLICY2*PO*200*200", REMITTANCE)
    (finding,) = run(envelope(body, kind="820", guide="005010X218")).findings
    assert ("IK403:I10", "ENT01:2", 2) == (finding.code, finding.context, finding.member)


def test_one_bad_set_of_two_makes_the_group_partly_accepted(envelope, run):
    bad = changed("INS*Y*18*021*20*A***FT", "INS*Y*18*0X1*20*A***FT")
    (group,) = run(envelope(BASE, bad)).groups
    assert (AckCode.PARTIAL, 2, 2, 1) == (group.ack, group.included, group.received, group.accepted)


def test_a_set_is_named_by_what_duplicates_are_known_by(envelope, run):
    assert ("BGN02", "REF0001") in run(envelope(BASE)).sets[0].business
    paid = run(envelope(REMITTANCE, kind="820", guide="005010X218")).sets[0].business
    assert {"BPR02": "300", "TRN02": "TRACE0001", "TRN03": "1512345678"}.items() <= dict(paid).items()


def test_the_bytes_of_a_set_are_those_from_st_through_se(envelope, run):
    data = envelope(BASE, BASE)
    for checked in run(data).sets:
        piece = data[checked.set.byte_start : checked.set.byte_end]
        assert piece.startswith(b"ST*")
        assert piece.endswith(f"SE*15*{checked.set.control_number}~".encode())


OLD_834 = """
BGN*00*12456*19980520*1200****2
N1*P5**FI*999888777
N1*IN**FI*654456654
INS*Y*18*021*20*A***FT
REF*0F*202443307
REF*1L*123456001
DTP*356*D8*19960523
NM1*IL*1*SMITH*JOHN
HD*021**HLT
DTP*348*D8*19960601
"""


def test_a_4010_enrollment_is_checked_by_its_own_guide(envelope, run):
    assert [] == run(envelope(OLD_834, guide="004010X095A1")).codes
    wrong = run(envelope(OLD_834.replace("SMITH", "SM^ITH"), guide="004010X095A1"))
    assert [("IK403:6", "NM1", 9, 3)] == wrong.places

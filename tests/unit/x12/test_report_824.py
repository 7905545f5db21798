import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.exchange import AckCode, Delimiters, FunctionalGroup, Party, TransactionSet
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.x12.acknowledge import AckIdentity
from gateway.x12.check import SetChecked, check
from gateway.x12.guide import GuideLibrary
from gateway.x12.report_824 import (
    ApplicationReport,
    ReportingParty,
    ReportStyle,
    ReportVerdict,
    write_824,
)

GUIDES = Path(__file__).parents[3] / "mappings" / "guides"
NOON = datetime(2025, 11, 5, 12, 30, 15, tzinfo=UTC)
US = ReportingParty("EXAMPLE HEALTH PLAN", "987654321", "FI", "EDI DESK", "8005550100", "edi@example.org")
ACME = ReportingParty("ACME CORP", "B5678", contact_phone="8005550199")
GROUP = FunctionalGroup(1, "BE", "ACME", "EHP", "20251104", "0815", "7", "005010X220A1")
SET = TransactionSet(1, "834", "0001", "005010X220A1", 0, 0, 42)


def identity(**changes) -> AckIdentity:
    return AckIdentity(
        **{
            "ours": Party("ZZ", "EXAMPLEHEALTH"),
            "theirs": Party("30", "123456789"),
            "our_code": "EHP",
            "their_code": "ACME",
            "instant": NOON,
            "control_number": "000000043",
            **changes,
        }
    )


def business(code: str = "SUBSCRIBER_NOT_FOUND", message: str = "The subscriber is not on file.", **more) -> Finding:
    return Finding(code, Level.BUSINESS, message, **more)


def written(*reports: ApplicationReport, style: ReportStyle | None = None, **changes) -> str:
    out = io.BytesIO()
    write_824(identity(**changes), (US, ACME), reports, out, style)
    return out.getvalue().decode("latin-1")


def report(*findings: Finding, verdict: ReportVerdict = ReportVerdict.PARTIAL, **more) -> ApplicationReport:
    return ApplicationReport(GROUP, SET, verdict, more.pop("reference", "REF0001"), findings, **more)


def after_oti(*findings: Finding, **more) -> list[str]:
    lines = written(report(*findings, **more)).split("~\n")
    return lines[next(n for n, line in enumerate(lines) if line.startswith("OTI")) + 1 : -4]


def test_a_positive_report_names_both_parties_and_the_original_set():
    assert [
        "GS*AG*EHP*ACME*20251105*123015*1*X*005010X186A1",
        "ST*824*0001*005010X186A1",
        "BGN*11*000000043-0001*20251105*1230**REF0001**WQ",
        "N1*41*EXAMPLE HEALTH PLAN*FI*987654321",
        "PER*IC*EDI DESK*TE*8005550100*EM*edi@example.org",
        "N1*40*ACME CORP*46*B5678",
        "OTI*TA*TN*NA***20251104*0815*7*0001*834*005010X220A1",
        "SE*7*0001",
        "GE*1*1",
        "IEA*1*000000043",
        "",
    ] == written(report(verdict=ReportVerdict.ACCEPTED)).split("~\n")[1:]


def test_a_finding_is_told_with_place_unit_plain_words_and_code():
    finding = business(
        place=Place("INS", 12, 3, loop="2000"),
        value="S1*00",
        element_reference=875,
        context="SUBSCRIBER NUMBER REF02:S100",
    )
    assert [
        "TED*024**INS*12*3*875*S1?00",
        "CTX*SUBSCRIBER NUMBER REF02:S100*INS*12*2000*3",
        "NTE**The subscriber is not on file.",
        "RED*NA**94**IBP*SUBSCRIBER_NOT_FOUND",
    ] == after_oti(finding)


def test_a_finding_on_the_whole_set_has_no_place():
    assert ["TED*024", "NTE**The totals differ.", "RED*NA**94**IBP*OUT_OF_BALANCE"] == after_oti(
        business("OUT_OF_BALANCE", "The totals differ.")
    )


def test_long_words_are_broken_into_notes_and_colons_become_semicolons():
    message = "BPR02 is not the sum: " + "the lines and adjustments add up to something else, " * 3
    notes = [line for line in after_oti(business(message=message)) if line.startswith("NTE")]
    assert 3 == len(notes)
    assert notes[0].startswith("NTE**BPR02 is not the sum; the lines")
    assert max(map(len, notes)) <= len("NTE**") + 80


def test_a_partner_may_have_its_own_industry_codes():
    style = ReportStyle({"OUT_OF_BALANCE": "E054"})
    text = written(report(business("OUT_OF_BALANCE")), style=style)
    assert "RED*NA**94**IBP*E054~" in text


def test_findings_that_are_left_out_are_counted():
    assert ["TED*024", "NTE**17 further findings of this transaction set are not listed."] == after_oti(
        findings_left_out=17
    )


@pytest.mark.parametrize(
    ("verdict", "action"),
    [("TA", "WQ"), ("TC", "WQ"), ("TE", "WQ"), ("TP", "RU"), ("TR", "U")],
)
def test_bgn08_says_whether_the_sender_must_act(verdict, action):
    text = written(report(verdict=ReportVerdict(verdict)))
    assert f"*REF0001**{action}~" in text
    assert f"OTI*{verdict}*" in text


def test_a_set_without_a_reference_is_named_by_its_control_number():
    assert "BGN*11*000000043-0001*20251105*1230**0001**U~" in written(
        report(verdict=ReportVerdict.REJECTED, reference="")
    )


def test_the_report_is_written_in_5010_whatever_the_original_is():
    assert "*00501*" in written(report(), version="00401")


@pytest.mark.parametrize("marks", [Delimiters(), Delimiters("|", ">", "!", "'")])
def test_our_own_guide_accepts_what_we_write(marks):
    findings = (
        business(place=Place("REF", 13, 2, 1, 1, "2000"), value="S:9", context="SUBSCRIBER NUMBER REF02:S9"),
        business("DATE_LOGIC", "The end: before the begin.", place=Place("DTP", 20, 3, loop="2300"), value="2025|"),
        business("COUNT_MISMATCH", "QTY*TO says 3, there are 2.", severity=Severity.WARNING),
    )
    verdicts = [report(verdict=each) for each in ReportVerdict]
    text = written(report(*findings, findings_left_out=1), *verdicts, delimiters=marks)
    found = [e for e in check(io.BytesIO(text.encode()), GuideLibrary(GUIDES)) if isinstance(e, SetChecked)]
    assert [(AckCode.ACCEPTED, ())] * 6 == [(each.ack, each.findings) for each in found]


def test_reports_are_read_while_they_are_written():
    seen = []

    class Stream(io.BytesIO):
        def write(self, content):
            seen.append(content[:3])
            return super().write(content)

    def reports():
        for _ in range(2):
            seen.append(b"asked")
            yield report(verdict=ReportVerdict.ACCEPTED)

    write_824(identity(), (US, ACME), reports(), Stream())
    assert 1 < seen.index(b"OTI") < len(seen) - 1 - seen[::-1].index(b"asked")

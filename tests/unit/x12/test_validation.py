import hashlib
import io
import json
import os
import re
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from gateway.domain.exchange import AckCode
from gateway.x12.check import Limits, SetChecked, check
from gateway.x12.inbound_ack import read_ta1s
from gateway.x12.validation import Summary, ValidationSettings, validate
from gateway.x12.validation_ack import AckFolder
from gateway.x12.validation_json import JsonReport
from gateway.x12.validation_text import TextReport

NOON = datetime(2025, 11, 5, 12, 30, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "validate.schema.json").read_text())
WITH_BAD_CODE = ("INS*Y*18*021", "INS*Y*18*022")


@pytest.fixture
def a_file(tmp_path):
    def written(content: bytes) -> Path:
        path = tmp_path / "sample.834"
        path.write_bytes(content)
        return path

    return written


def told(path: Path, library, **settings) -> dict:
    pieces: list[str] = []
    validate(path, library, [JsonReport("sample.834", pieces.append)], ValidationSettings(**settings))
    told = json.loads("".join(pieces))
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    return told


def lines(path: Path, library, **settings) -> list[str]:
    text: list[str] = []
    validate(path, library, [TextReport("sample.834", text.append)], ValidationSettings(**settings))
    return text


def acks(path: Path, library, folder: Path) -> dict[str, str]:
    report = AckFolder(path, folder, NOON)
    validate(path, library, [report])
    assert sorted(report.written) == sorted(folder.iterdir())
    return {each.name: each.read_text() for each in report.written}


def test_the_schema_is_a_good_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_clean_file_is_told_with_its_envelopes(a_file, library, envelope, full_834):
    content = envelope(full_834, full_834)
    one_set = {"type": "834", "ack": "A", "findings": []}
    assert {
        "file": "sample.834",
        "sha256": hashlib.sha256(content).hexdigest(),
        "interchanges": [
            {
                "control_number": "000000001",
                "ta1": {"code": "A", "note": "000"},
                "groups": [
                    {
                        "control_number": "7",
                        "guide": "005010X220A1",
                        "ack": "A",
                        "sets": [{"control_number": "0001", **one_set}, {"control_number": "0002", **one_set}],
                    }
                ],
            }
        ],
    } == told(a_file(content), library)


def test_a_finding_is_told_with_its_place_and_without_the_value(a_file, library, envelope, full_834):
    content = envelope(full_834.replace(*WITH_BAD_CODE))
    (finding,) = told(a_file(content), library)["interchanges"][0]["groups"][0]["sets"][0]["findings"]
    message = finding.pop("message")
    assert {
        "level": "element",
        "code": "IK403:7",
        "segment": "INS",
        "position": 13,
        "element": 3,
        "component": None,
        "repetition": None,
        "loop": "2000",
        "line": 15,
        "byte": content.index(b"INS*Y"),
        "severity": "error",
    } == finding
    assert "INS03" in message
    assert "022" not in message


def test_findings_stand_on_what_they_are_about(a_file, library, envelope, full_834):
    content = envelope(full_834).replace(b"GE*1*7", b"GE*2*7").replace(b"IEA*1*000000001", b"IEA*1*000000002")
    found = told(a_file(b"\xef\xbb\xbf" + content), library)
    (interchange,) = found["interchanges"]
    (group,) = interchange["groups"]
    assert [("file", "FILE:BOM")] == [(f["level"], f["code"]) for f in found["findings"]]
    assert [("interchange", "TA105:001")] == [(f["level"], f["code"]) for f in interchange["findings"]]
    assert [("group", "AK905:5")] == [(f["level"], f["code"]) for f in group["findings"]]
    assert {"code": "R", "note": "001"} == interchange["ta1"]


@pytest.mark.parametrize(
    "content", [b"", b"hello\n", b"%PDF-1.7 ...", b"\xef\xbb\xbfSome,CSV,file\n" * 100, b"ISA*00*"]
)
def test_a_file_that_is_no_x12_has_no_interchanges_and_one_finding(content, a_file, library):
    path = a_file(content)
    found = told(path, library)
    assert [] == found["interchanges"]
    assert ["FILE:NOT_X12"] == [finding["code"] for finding in found["findings"]]
    assert not validate(path, library, []).is_clean


def test_several_interchanges_and_groups_are_told_in_order(a_file, library, envelope, full_834):
    first = envelope(full_834)
    second = envelope(full_834, isa="000000002").replace(
        b"GE*1*7~\n", b"GE*1*7~\nGS*BE*S*R*20251105*0800*8*X*005010X220A1~\nGE*0*8~\n"
    )
    second = second.replace(b"IEA*1", b"IEA*2")
    found = told(a_file(first + second), library)
    assert [("000000001", ["7"]), ("000000002", ["7", "8"])] == [
        (i["control_number"], [g["control_number"] for g in i["groups"]]) for i in found["interchanges"]
    ]
    assert [] == found["interchanges"][1]["groups"][1]["sets"]


def test_findings_over_the_limit_are_counted(a_file, library, envelope, full_834):
    content = envelope(full_834 + "XYZ*1\n" * 10)
    (checked,) = told(a_file(content), library, limits=Limits(findings_per_set=3))["interchanges"][0]["groups"][0][
        "sets"
    ]
    assert (3, 7) == (len(checked["findings"]), checked["findings_left_out"])


@pytest.mark.parametrize(
    ("old", "new", "clean"),
    [
        (b"", b"", True),
        (b"INS*Y*18*021", b"INS*Y*18*022", False),
        (b"GE*1*7", b"GE*2*7", False),
        (b"IEA*1*", b"IEA*2*", False),
        (b"ISA*00*", b"\xef\xbb\xbfISA*00*", False),
        (b"IEA*1*000000001~", b"IEA*1*000000001~ and more", False),
    ],
)
def test_only_a_file_without_any_finding_is_clean(old, new, clean, a_file, library, envelope, full_834):
    assert clean is validate(a_file(envelope(full_834).replace(old, new, 1)), library, []).is_clean


def test_the_summary_counts(a_file, library, envelope, full_834):
    content = envelope(full_834, full_834.replace(*WITH_BAD_CODE))
    assert Summary(
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        interchanges=1,
        groups=1,
        sets=2,
        rejected=1,
        errors=1,
    ) == validate(a_file(content), library, [])


def test_progress_tells_every_byte_once(a_file, library, envelope, full_834):
    content = envelope(*[full_834] * 300)
    read: list[int] = []
    validate(a_file(content), library, [], ValidationSettings(progress=read.append))
    assert len(content) == sum(read)
    assert 2 < len(read)


def test_text_names_envelopes_findings_and_what_it_comes_to(a_file, library, envelope, full_834):
    content = envelope(full_834, full_834.replace(*WITH_BAD_CODE))
    text = lines(a_file(content), library)
    assert [
        "interchange 000000001 from SENDER to RECEIVER, 00501, production",
        "  group 7 BE 005010X220A1",
        "    set 0002 834: rejected",
        "  group 7: partially accepted, 1 of 2 sets accepted",
        "interchange 000000001: TA1 A 000, accepted",
        "sample.834: 1 errors, 0 warnings; 1 of 2 transaction sets rejected",
    ] == [line for line in text if "IK403" not in line]
    (finding,) = (line for line in text if "IK403" in line)
    assert finding.startswith("      error IK403:7 at INS03, segment 13, loop 2000, line 114: ")


def test_text_of_a_clean_file_is_short(a_file, library, envelope, full_834):
    assert "sample.834: clean: 1 transaction sets, nothing found" == lines(a_file(envelope(full_834)), library)[-1]


def test_text_says_how_many_findings_are_not_listed(a_file, library, envelope, full_834):
    content = envelope(full_834 + "XYZ*1\n" * 10)
    assert "      7 more findings are not listed" in lines(a_file(content), library, limits=Limits(findings_per_set=3))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda data: data, ["sample.1.1.999.edi"]),
        (lambda data: data.replace(b"*0*P*:", b"*1*P*:"), ["sample.1.1.999.edi", "sample.1.TA1.edi"]),
        (lambda data: data.replace(b"IEA*1*000000001", b"IEA*1*000000002"), ["sample.1.TA1.edi"]),
        (lambda data: data[: data.index(b"IEA")], ["sample.1.TA1.edi"]),
        (lambda data: b"hello", []),
    ],
)
def test_the_acknowledgements_that_would_be_sent_are_written(
    change, expected, tmp_path, a_file, library, envelope, full_834
):
    assert expected == sorted(acks(a_file(change(envelope(full_834))), library, tmp_path / "acks"))


def test_each_group_and_interchange_is_answered_to_its_sender(tmp_path, a_file, library, envelope, full_834):
    first = envelope(full_834)
    second = envelope(full_834, isa="000000002").replace(b"SENDER ", b"OTHERS ").replace(b"*0*P*:", b"*1*T*:")
    written = acks(a_file(first + second), library, tmp_path / "acks")
    assert ["sample.1.1.999.edi", "sample.2.1.999.edi", "sample.2.TA1.edi"] == sorted(written)
    assert "*ZZ*RECEIVER       *ZZ*SENDER         *251105*1230*^*00501*000000001*0*P*" in written["sample.1.1.999.edi"]
    assert "*ZZ*RECEIVER       *ZZ*OTHERS         *251105*1230*^*00501*000000002*0*T*" in written["sample.2.1.999.edi"]
    assert "TA1*000000002*251105*0800*A*000~" in written["sample.2.TA1.edi"]


def test_a_4010_file_is_answered_with_a_997(tmp_path, a_file, library, envelope):
    content = envelope("BIG*1", guide="004010X095A1")
    (name,) = acks(a_file(content), library, tmp_path / "acks")
    assert "sample.1.1.997.edi" == name


def test_acknowledgements_are_never_answered(tmp_path, a_file, library, envelope, full_834):
    nine = acks(a_file(envelope(full_834)), library, tmp_path / "acks")["sample.1.1.999.edi"]
    assert {} == acks(a_file(nine.encode()), library, tmp_path / "again")
    ta1 = acks(a_file(envelope(full_834).replace(b"*0*P*:", b"*1*P*:")), library, tmp_path / "ta1")["sample.1.TA1.edi"]
    broken = ta1.replace("IEA*0", "IEA*1")
    assert AckCode.ACCEPTED is next(read_ta1s(io.BytesIO(broken.encode()))).code
    assert {} == acks(a_file(broken.encode()), library, tmp_path / "third")


def test_what_is_written_passes_our_own_check_and_tells_what_was_found(tmp_path, a_file, library, envelope, full_834):
    bad = full_834.replace(*WITH_BAD_CODE).replace("REF*0F*S100\nREF*1L*G001234\nREF*DX", "REF*1L*G001234\nREF*DX")
    content = envelope(full_834, bad)
    text = acks(a_file(content), library, tmp_path / "acks")["sample.1.1.999.edi"]
    (checked,) = (e for e in check(io.BytesIO(text.encode()), library) if isinstance(e, SetChecked))
    assert (AckCode.ACCEPTED, ()) == (checked.ack, checked.findings)
    assert [
        "AK1*BE*7*005010X220A1",
        "AK2*834*0001*005010X220A1",
        "IK5*A",
        "AK2*834*0002*005010X220A1",
        "IK3*INS*13*2000*8",
        "IK4*3*875*7*022",
        "IK3*REF*14*2000*3",
        "IK5*R*5",
        "AK9*P*2*2*1",
    ] == re.findall(r"^((?:AK|IK)[^~]*)~$", text, re.MULTILINE)


def test_memory_does_not_grow_with_the_file(a_file, library, envelope, full_834, tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.x12.reader.CHUNK_BYTES", 4096)
    bad = full_834.replace(*WITH_BAD_CODE)

    def peak(sets: int) -> int:
        path = a_file(envelope(*[bad] * sets))
        written = [0]

        def write(text: str) -> None:
            written[0] += len(text)

        reports = [JsonReport("x", write), TextReport("x", write), AckFolder(path, tmp_path / "acks", NOON)]
        tracemalloc.start()
        validate(path, library, reports)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)
    assert peak(240) < 1.3 * peak(80)


@pytest.mark.corpus
@pytest.mark.skipif(not os.environ.get("GATEWAY_CORPUS"), reason="GATEWAY_CORPUS is not set")
def test_every_file_of_the_corpus_can_be_told_and_answered(library, tmp_path):
    expected = {("IK403:4", "AK2", 2)}  # an ST02 that is too short is returned as it was sent
    broken = set()
    for path in sorted(Path(os.environ["GATEWAY_CORPUS"]).glob("*/*.edi")):
        told(path, library)
        for text in acks(path, library, tmp_path / path.stem).values():
            for event in check(io.BytesIO(text.encode()), library):
                if isinstance(event, SetChecked):
                    broken |= {(f.code, f.place.segment, f.place.element) for f in event.findings}
    assert set() == broken - expected

"""Files that nobody on this project wrote: what pyx12 accepts we accept, and what their sources say of them holds."""

import csv
import os
import re
from pathlib import Path

import pytest

from gateway.domain.exchange import AckCode
from gateway.x12.check import FileFindings, InterchangeOpened

pytestmark = pytest.mark.corpus

DEPARTURES = {
    "997/azoner-pyx12__blank1.expected-997.edi": "a value of nothing but blanks is none (X12.6)",
}


@pytest.fixture(scope="module")
def corpus():
    folder = os.environ.get("GATEWAY_CORPUS")
    if not folder:
        pytest.skip("GATEWAY_CORPUS is not set")
    return Path(folder)


@pytest.fixture(scope="module")
def rows(corpus):
    with (corpus / "MANIFEST.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_sets_are_accepted_and_rejected_as_by_pyx12(corpus, rows, run):
    differing = {}
    for row in rows:
        told = re.findall(r"[IA]K5\*([AR])", row["pyx12_ack"])
        if told and row["transaction"] in {"834", "820", "997", "999"}:
            ours = [
                "R" if each.ack is AckCode.REJECTED else "A" for each in run((corpus / row["file"]).read_bytes()).sets
            ]
            if ours != told:
                differing[row["file"]] = (told, ours)
    assert set(differing) <= set(DEPARTURES)


def test_what_pyx12_finds_right_is_right(corpus, rows, run):
    refused = {
        row["file"]
        for row in rows
        if row["pyx12_result"] == "True" and any(f.is_error for f in run((corpus / row["file"]).read_bytes()).findings)
    }
    assert set() == refused - set(DEPARTURES) - {
        r["file"] for r in rows if r["transaction"] in {"277", "835", "837", "mixed", "none"}
    }


SAID = [
    ("IEA-number-mismatch", "TA105:001"),
    ("missing-IEA", "TA105:023"),
    ("missing-GS", "TA105:022"),
    ("missing-ISA", "FILE:NOT_X12"),
    ("834-validation-issues", "IK403:1"),
    ("834-validation-issues", "IK403:7"),
    ("834-validation-issues", "IK304:3"),
    ("834-validation-issues", "IK502:4"),
    ("transactions-enrollment-834-1", "IK502:2"),
    ("X12InterchangeValidatorTests-0", "TA105:001"),
    ("ISA_header-test_Unique_Interchange_ID", "TA105:025"),
    ("IEA_Checks-test_IEA_count", "TA105:021"),
]


@pytest.mark.parametrize(("name", "code"), SAID)
def test_what_a_source_says_is_wrong_is_found(name, code, corpus, rows, run):
    (row,) = [row for row in rows if name in row["file"]]
    assert code in run((corpus / row["file"]).read_bytes()).codes


def test_every_file_has_an_interchange_or_says_why_not(corpus, rows, run):
    for row in rows:
        events = run((corpus / row["file"]).read_bytes()).events
        assert any(isinstance(event, InterchangeOpened | FileFindings) for event in events), row["file"]

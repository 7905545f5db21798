"""What a fuzzer once found, or began from: any bytes give events, and every interchange that opens closes."""

import io
from pathlib import Path

import pytest

from gateway.x12.check import InterchangeClosed, InterchangeOpened, check
from gateway.x12.guide import GuideLibrary

ROOT = Path(__file__).parents[3]
KEPT = sorted((ROOT / "tests" / "fuzz" / "crashers").glob("*.bin"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_file_that_a_fuzzer_kept_gives_events_and_no_exception(path):
    events = list(check(io.BytesIO(path.read_bytes()), GuideLibrary(ROOT / "mappings" / "guides")))
    opened = sum(isinstance(event, InterchangeOpened) for event in events)
    assert opened == sum(isinstance(event, InterchangeClosed) for event in events)
    assert events


def test_a_guide_that_is_no_xml_is_a_mistake_with_its_line_and_remedy(tmp_path):
    (tmp_path / "900.xml").write_text("<transaction>\n</transition>\n")
    (mistake,) = GuideLibrary(tmp_path).check()
    assert ("mappings/guides/900.xml", "the guide 900.xml is no XML, line 2") == (mistake.file, mistake.problem)
    assert mistake.remedy


def test_a_library_without_a_folder_of_its_own_has_no_mistakes():
    assert [] == GuideLibrary(None).check()

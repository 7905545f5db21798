import io
import re
from html.parser import HTMLParser

import pytest

from gateway.x12.check import Limits
from gateway.x12.validation import ValidationSettings, open_again, validate
from gateway.x12.validation_html import HtmlReport

VOID = {"meta"}


class Page(HTMLParser):
    """A strict enough reader of the page: every tag closed in order, no script, nothing loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.marked: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert tag not in {"script", "img", "link", "iframe", "object"}
        assert not {name for name, _ in attrs} & {"src", "href", "style"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            assert "url(" not in data
            assert "@import" not in data
            return
        self.text.append(data)
        if self.open and self.open[-1] == "mark":
            self.marked.append(data)


@pytest.fixture
def page_of(tmp_path, library):
    def page_of(content: bytes, **settings) -> Page:
        path = tmp_path / "sample.834"
        path.write_bytes(content)
        out = io.StringIO()
        with open_again(path) as stream:
            report = HtmlReport("sample.834", stream, out.write)
            validate(path, library, [report], ValidationSettings(**settings))
        page = Page()
        page.feed(out.getvalue())
        page.close()
        assert [] == page.open
        return page

    return page_of


def lines(page: Page) -> list[str]:
    return [line for line in "".join(page.text).splitlines() if line]


def test_the_whole_file_is_shown_segment_by_segment(page_of, envelope, full_834):
    content = envelope(full_834, full_834)
    segments = [each.strip() for each in content.decode().split("~") if each.strip()]
    shown = [re.sub(r"^\d+", "", line).removesuffix("~") for line in lines(page_of(content)) if line.endswith("~")]
    assert segments == shown


def test_a_finding_stands_below_its_segment_and_its_element_is_marked(page_of, envelope, full_834):
    page = page_of(envelope(full_834.replace("INS*Y*18*021", "INS*Y*18*022")))
    text = lines(page)
    at = next(n for n, line in enumerate(text) if line.startswith("13INS*Y"))
    assert text[at + 1].startswith("IK403:7 at INS03, segment 13")
    assert ["022"] == page.marked


def test_a_missing_segment_is_told_where_it_should_stand(page_of, envelope, full_834):
    text = lines(page_of(envelope(full_834.replace("N1*P5*ACME CORP*FI*123456789\n", ""))))
    at = next(n for n, line in enumerate(text) if line.startswith("IK304:3"))
    assert "N1*IN*EXAMPLE HEALTH PLAN" in text[at - 1]


def test_what_is_wrong_with_envelopes_is_told_with_them(page_of, envelope, full_834):
    content = envelope(full_834).replace(b"GE*1*7", b"GE*2*7").replace(b"IEA*1*000000001", b"IEA*1*000000002")
    text = lines(page_of(b"\xef\xbb\xbf" + content))
    assert "Group: 0 of 1 transaction sets accepted: rejected" in text
    assert "Interchange: TA1 R 001: rejected" in text
    assert {"FILE:BOM", "AK905:5", "TA105:001"} <= {line.split()[0] for line in text}
    assert "2 errors, 1 warnings; 0 of 1 transaction sets rejected" in text


def test_what_a_partner_wrote_cannot_leave_the_page(page_of, envelope, full_834):
    nasty = "<script>alert(1)</script>&amp;\"'"
    content = envelope(full_834.replace("ALPHA", nasty).replace("INS*Y*18*021", f"INS*Y*18*{nasty}"))
    page = page_of(content.replace(b"ST*834*0001", b"ST*834*<b>1"))
    assert nasty in page.marked
    assert any("<b>1" in line for line in lines(page))


def test_other_delimiters_are_shown_as_they_are(page_of, envelope, full_834):
    first = envelope(full_834)
    second = envelope(full_834, isa="000000002").replace(b"*", b"|").replace(b"~", b"'")
    text = lines(page_of(first + second))
    assert "IEA*1*000000001~" in text
    assert "IEA|1|000000002'" in text
    assert any(line.startswith("2BGN|00|REF0001") for line in text)


def test_a_file_that_is_no_x12_is_shown_up_to_a_limit(page_of):
    text = lines(page_of(b"<html>not X12</html>" + b"x" * 200_000))
    assert any(line.startswith("<html>not X12</html>xxx") and line.endswith("more characters") for line in text)
    assert "134484 bytes are not shown" in text
    assert any(line.startswith("FILE:NOT_X12") for line in text)


def test_a_long_segment_is_shortened_and_findings_over_the_limit_are_counted(page_of, envelope, full_834):
    content = envelope(full_834 + "XYZ*1\n" * 10 + "NTE**" + "y" * 10_000 + "\n")
    text = lines(page_of(content, limits=Limits(findings_per_set=3)))
    assert any("y … 6000 more characters" in line for line in text)
    assert any(line.endswith("more findings are not listed") for line in text)


def test_a_set_that_breaks_off_is_shown_to_its_end(page_of, envelope, full_834):
    content = envelope(full_834)
    text = lines(page_of(content[: content.index(b"SE*")]))
    assert any("DTP*348*D8*20251101~" in line for line in text)
    assert any(line.startswith("IK502:2") for line in text)

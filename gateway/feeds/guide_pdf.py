"""A partner's guide as PDF, to hand over: headings of tables are repeated, pages are numbered `n of N`."""

from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from gateway.feeds import partner_guide

_INK, _GREY, _LINE = colors.HexColor("#1c2733"), colors.HexColor("#5b6875"), colors.HexColor("#d5dbe1")
_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, textColor=_INK, spaceAfter=4)
_CELL = ParagraphStyle("cell", parent=_BODY, fontSize=8.5, leading=11, spaceAfter=0, splitLongWords=1)
_HEAD = ParagraphStyle("head", parent=_CELL, fontName="Helvetica-Bold", textColor=_GREY)
_TITLE = ParagraphStyle("title", parent=_BODY, fontName="Helvetica-Bold", fontSize=19, leading=23, spaceAfter=2)
_SUBTITLE = ParagraphStyle("subtitle", parent=_BODY, textColor=_GREY, spaceAfter=10)
_SECTION = ParagraphStyle(
    "section", parent=_BODY, fontName="Helvetica-Bold", fontSize=12.5, leading=16, spaceBefore=12, spaceAfter=4
)
_MARGIN = 20 * mm
_PADDING = 6  # reportlab's own, around everything in a frame
_WIDTH = letter[0] - 2 * _MARGIN - 2 * _PADDING
_SHORTEST, _LONGEST = 10, 60  # characters by which a column counts at least and at most


def render_pdf(guide: partner_guide.Guide, out: BinaryIO) -> None:
    """Write the guide to `out`; the same guide gives the same bytes."""
    document = SimpleDocTemplate(
        out,
        pagesize=letter,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=guide.title,
        author=guide.subtitle.partition(",")[0],
        invariant=1,
    )
    story: list[Flowable] = [Paragraph(escape(guide.title), _TITLE), Paragraph(escape(guide.subtitle), _SUBTITLE)]
    for section in guide.sections:
        story += _section(section)
    document.build(story, canvasmaker=_numbered(guide.title))


def _section(section: partner_guide.Section) -> Iterator[Flowable]:
    """Yield a section; its heading stays with what follows it."""
    text = [Paragraph(escape(sentence), _BODY) for sentence in section.text]
    yield KeepTogether([Paragraph(escape(section.title), _SECTION), *text[:1]])
    yield from text[1:]
    for table in section.tables:
        yield _table(table)
        yield Spacer(0, 6)


def _table(table: partner_guide.Table) -> Table:
    """Return a table over the whole width, its headings on every page."""
    rows = [[Paragraph(escape(each), _HEAD) for each in table.headings]]
    rows += [[Paragraph(escape(cell), _CELL) for cell in row] for row in table.rows]
    widths = _widths([list(column) for column in zip(table.headings, *table.rows, strict=True)])
    made = Table(rows, colWidths=widths, repeatRows=1)
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ]
        )
    )
    return made


def _widths(columns: list[list[str]]) -> list[float]:
    """Return how wide each column is: by its longest word or text, within bounds."""
    weights = [min(max(_SHORTEST, *map(len, column)), _LONGEST) for column in columns]
    return [weight / sum(weights) * _WIDTH for weight in weights]


def _numbered(title: str) -> Callable[..., Canvas]:
    """Return a canvas that writes `title` and `n of N` below every page: N is known when all are drawn."""

    class Numbered(Canvas):
        def __init__(self, *words: object, **named: object) -> None:
            super().__init__(*words, **named)  # type: ignore[arg-type]  # reportlab's own, passed on
            self._pages: list[dict[str, object]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # missing in reportlab's types

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self.setFont("Helvetica", 8)
                self.setFillColor(_GREY)
                self.drawString(_MARGIN + _PADDING, _MARGIN / 2, title)
                self.drawRightString(letter[0] - _MARGIN - _PADDING, _MARGIN / 2, f"{number} of {len(self._pages)}")
                super().showPage()
            super().save()

    return Numbered

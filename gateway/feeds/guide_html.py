"""A partner's guide as one HTML page: nothing is loaded from elsewhere, and everything is escaped."""

from collections.abc import Iterator
from html import escape

from gateway.feeds.partner_guide import Guide, Section, Table

_STYLE = """
body{font:15px/1.55 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2733;background:#fff}
h1{font-size:1.6rem;margin:0}
h2{font-size:1.15rem;margin:2rem 0 .4rem;border-bottom:1px solid #d5dbe1;padding-bottom:.2rem}
p.sub{color:#5b6875;margin:.2rem 0 1.5rem}table{border-collapse:collapse;width:100%;margin:.6rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .7rem .3rem 0;border-bottom:1px solid #e6eaee}
th{font-weight:600;color:#5b6875}td:first-child{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
@media print{h2{break-after:avoid}tr{break-inside:avoid}}
"""


def render_html(guide: Guide) -> str:
    """Return the guide as one page."""
    body = "".join(part for section in guide.sections for part in _section(section))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(guide.title)}</title><style>{_STYLE}</style></head>\n<body>"
        f'<h1>{escape(guide.title)}</h1><p class="sub">{escape(guide.subtitle)}</p>\n{body}</body></html>\n'
    )


def _section(section: Section) -> Iterator[str]:
    """Yield a section's parts."""
    yield f"<h2>{escape(section.title)}</h2>\n"
    for sentence in section.text:
        yield f"<p>{escape(sentence)}</p>\n"
    for table in section.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    """Yield a table."""
    yield "<table><thead><tr>" + "".join(f"<th>{escape(each)}</th>" for each in table.headings) + "</tr></thead>\n"
    for row in table.rows:
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n"
    yield "</table>\n"

"""What holds for every invoice format (DOMAIN 10, 12)."""

import io
import tracemalloc
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.domain.exchange import DocumentKind
from gateway.errors import InvariantBroken
from gateway.feeds.registry import RENDERERS
from gateway.feeds.statement import FeedTotals

TOTALS = FeedTotals(2, Decimal("560.00"))


@pytest.fixture(params=sorted(RENDERERS))
def renderer(request):
    return RENDERERS[request.param]


@pytest.fixture
def written(renderer, statement) -> bytes:
    out = io.BytesIO()
    renderer.render(statement(), out)
    return out.getvalue()


def test_the_registry_names_the_formats_a_profile_may_ask_for():
    assert {"csv": DocumentKind.INVOICE_CSV, "json": DocumentKind.INVOICE_JSON} == {
        name: renderer.kind for name, renderer in RENDERERS.items()
    }


def test_a_feed_returns_the_totals_it_wrote_and_leaves_the_stream_open(renderer, statement):
    out = io.BytesIO()
    assert TOTALS == renderer.render(statement(), out)
    assert not out.closed


def test_the_totals_are_added_again_from_the_bytes(renderer, written):
    stream = io.BytesIO(written)
    assert TOTALS == renderer.verify(stream)
    assert not stream.closed


@pytest.mark.parametrize(
    ("there", "altered"),
    [(b"-40.00", b"-41.00"), (b"560.00", b"560.01"), (b"600.00", b"not money"), (b"EMP", b"\xff\xff\xff")],
    ids=["an amount", "the total", "no number", "no UTF-8"],
)
def test_altered_bytes_are_noticed(renderer, written, there, altered):
    assert there in written
    with pytest.raises(InvariantBroken):
        renderer.verify(io.BytesIO(written.replace(there, altered)))


def test_a_feed_cut_anywhere_is_noticed(renderer, written):
    for length in range(len(written.rstrip())):
        with pytest.raises(InvariantBroken):
            renderer.verify(io.BytesIO(written[:length]))


def test_a_lost_line_is_noticed(renderer, written):
    lines = written.splitlines(keepends=True)
    with pytest.raises(InvariantBroken):
        renderer.verify(io.BytesIO(b"".join(lines[:1] + lines[2:])))


def test_bytes_after_the_end_are_noticed(renderer, written):
    with pytest.raises(InvariantBroken):
        renderer.verify(io.BytesIO(written + b"more\r\n"))


def test_a_feed_whose_lines_are_not_the_invoice_s_is_not_finished(renderer, statement):
    whole = list(statement().lines)
    doubled = [replace(whole[1].line, amount=Decimal("1200.00"))]
    for lines in ([whole[0].line], doubled):
        with pytest.raises(InvariantBroken, match="INV000000007"):
            renderer.render(statement(lines=lines), io.BytesIO())


def test_names_are_carried_exactly(renderer, statement):
    out = io.BytesIO()
    renderer.render(statement(subscriber='Łucja "Lu" Müller,\nnée Śmith'), out)
    assert "Łucja".encode() in out.getvalue()
    assert TOTALS == renderer.verify(io.BytesIO(out.getvalue()))


def test_a_feed_line_never_shows_a_person_in_its_repr(statement):
    assert "ALPHA" not in repr(list(statement().lines)) + repr(statement())


def test_memory_does_not_grow_with_the_lines(renderer, statement):
    class Nowhere(io.BytesIO):
        def write(self, data) -> int:
            return len(data)

    def peak_bytes(lines_count: int) -> int:
        first = next(iter(statement().lines))
        invoice = replace(statement().invoice, lines_count=lines_count, total=first.line.amount * lines_count)
        tracemalloc.start()
        renderer.render(replace(statement(), invoice=invoice, lines=(first for _ in range(lines_count))), Nowhere())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_bytes(100)  # what is loaded once does not count
    assert peak_bytes(4000) < peak_bytes(500) + 20_000

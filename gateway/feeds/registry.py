"""Every invoice format there is, by the name that a profile's `[feeds] formats` gives."""

from gateway.domain.exchange import DocumentKind
from gateway.feeds.invoice_csv import render_csv, verify_csv
from gateway.feeds.invoice_json import render_json, verify_json
from gateway.feeds.statement import Renderer

RENDERERS: dict[str, Renderer] = {
    "csv": Renderer(DocumentKind.INVOICE_CSV, "csv", render_csv, verify_csv),
    "json": Renderer(DocumentKind.INVOICE_JSON, "json", render_json, verify_json),
}

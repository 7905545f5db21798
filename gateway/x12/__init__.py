"""X12 syntax without business: reading, guides, checking, writing and acknowledgements (see README.md)."""

"""Fuzz the X12 check with atheris: any bytes give events, never an exception, whatever the engine's path.

    pip install atheris
    python tests/fuzz/fuzz_check.py -max_total_time=600 tests/fuzz/corpus      ten minutes
    python tests/fuzz/fuzz_check.py tests/fuzz/crashers/*                      what once crashed

A crasher that is found goes to tests/fuzz/crashers, where tests/unit/x12/test_crashers.py holds it for good.
"""

import io
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["gateway.x12"]):
    from gateway.x12.check import InterchangeClosed, InterchangeOpened, check
    from gateway.x12.guide import GuideLibrary

GUIDES = GuideLibrary(Path(__file__).parents[2] / "mappings" / "guides")


def check_bytes(data: bytes) -> None:
    """Check `data` to its end; every interchange that opens must close."""
    opened = closed = 0
    for event in check(io.BytesIO(data), GUIDES):
        opened += isinstance(event, InterchangeOpened)
        closed += isinstance(event, InterchangeClosed)
    if opened != closed:
        raise AssertionError(f"{opened} interchanges opened, {closed} closed")


if __name__ == "__main__":
    atheris.Setup(sys.argv, check_bytes)
    atheris.Fuzz()

"""Names, numbers, dates of birth, addresses and bank numbers never reach a log line (DESIGN, decision 14)."""

import json
import logging
import subprocess
import sys

import pytest

from gateway import logs


@pytest.fixture
def lines(capsys):
    root = logging.getLogger()
    level = root.level
    logs.configure(level="debug", as_json=True)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler, logs.StderrHandler)]
    root.setLevel(level)


def test_what_is_bound_once_stands_on_every_line(lines):
    logs.get_logger(partner="acme", file="F1").info("checked", sets=2)
    (line,) = lines()
    assert ("checked", "acme", "F1", 2, "info") == tuple(line[k] for k in ("event", "partner", "file", "sets", "level"))


@pytest.mark.parametrize("key", sorted(logs.PERSONAL_KEYS))
def test_a_key_that_may_hold_a_person_is_withheld(lines, key):
    logs.get_logger().info("seen", **{key: "QUILLFEATHER"})
    (line,) = lines()
    assert logs.MASK == line[key]


@pytest.mark.parametrize("text", ["900-55-0101", "900550101", "id 900550101 is bad", "SSN900550101", 900550101])
def test_what_looks_like_a_social_security_number_is_withheld_anywhere(lines, text):
    logs.get_logger().info("seen", note=text)
    assert "0101" not in json.dumps(lines())


@pytest.mark.parametrize(
    "nested",
    [{"ssn": "QUILLFEATHER"}, [{"last_name": "QUILLFEATHER"}], {"a": {"b": ["900-55-0101"]}}, ("x", 900550101)],
)
def test_what_lies_deep_in_a_value_is_withheld_too(lines, nested):
    logs.get_logger().info("seen", detail=nested)
    text = json.dumps(lines())
    assert "QUILLFEATHER" not in text
    assert "0101" not in text


def test_a_size_of_nine_digits_is_no_person(lines):
    logs.get_logger().info("received", size_bytes=200000000)
    assert 200000000 == lines()[0]["size_bytes"]


def test_the_control_number_of_an_interchange_stays_readable(lines):
    logs.get_logger().info("seen", interchange="000000101")
    assert "000000101" == lines()[0]["interchange"]


def test_an_exception_is_told_by_its_class_and_place_never_by_its_text(lines):
    try:
        int("QUILLFEATHER")
    except ValueError as error:
        logs.get_logger().error("failed", exc_info=error)
    (line,) = lines()
    assert "ValueError" == line["error"]
    assert "test_logs.py" in line["at"]
    assert "QUILLFEATHER" not in json.dumps(line)


def test_a_library_is_quoted_by_its_template_never_by_what_it_was_given(lines):
    logging.getLogger("some.parser").warning("choked on %s", "QUILLFEATHER")
    logging.getLogger("some.parser").warning("choked on QUILLFEATHER")
    first, second = lines()
    assert first["event"].startswith("some.parser test_logs.py:")
    assert first["event"].endswith("choked on %s")
    assert second["event"].endswith("a library's message, withheld")


def test_lines_of_the_scheduler_go_through_the_same_chain(lines):
    logging.getLogger("apscheduler.scheduler").warning("member 900-55-0101 missed")
    (line,) = lines()
    assert "0101" not in json.dumps(line)


def test_before_anything_is_configured_an_error_is_told_without_its_text_or_its_variables(capfd):
    script = (
        "from gateway.logs import get_logger\n"
        "try:\n    planted = 'QUILLFEATHER'; int(planted)\n"
        "except ValueError as error:\n    get_logger().error('failed', exc_info=error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "ValueError" in done.stderr
    assert "QUILLFEATHER" not in done.stdout + done.stderr

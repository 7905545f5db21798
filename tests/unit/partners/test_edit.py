"""Changes to the text of a billing.toml: the line that was meant, and no other."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError, NotAllowed, NotFound
from gateway.partners.edit import with_activity, with_copied_type, with_windows

ACME = (Path(__file__).parents[3] / "partners/acme/billing.toml").read_text()
WINDOW = (date(2027, 12, 10), date(2027, 12, 15), date(2028, 1, 31), date(2028, 1, 1))
LINE = "  { start = 2027-12-10, end = 2027-12-15, cutoff = 2028-01-31, accounting = 2028-01-01 },"


def added(before, after):
    """The lines of `after` that `before` does not have, in order; every line of `before` must still be there."""
    left = before.splitlines()
    new = []
    for line in after.splitlines():
        if left and left[0] == line:
            left.pop(0)
        else:
            new.append(line)
    assert [] == left
    return new


def test_windows_are_added_at_the_end_of_the_list_and_nothing_else_is_touched():
    assert [LINE] == added(ACME, with_windows(ACME, "MONTHLY", [WINDOW]))


@pytest.mark.parametrize(
    "text",
    [
        "[bill_cycles]\nM = [\n  { start = 2027-11-10, end = 2027-11-15, accounting = 2027-12-01 } # the last\n]\n",
        "[bill_cycles]\nM = [ # ours\n]\n",
        "bill_cycles.M = [\n  { start = 2027-11-10, end = 2027-11-15, accounting = 2027-12-01 },\n  # more\n]\n",
    ],
    ids=["no comma after the last", "an empty list", "a comment at the end"],
)
def test_windows_are_added_however_the_list_ends(text):
    assert WINDOW[0] == tomllib.loads(with_windows(text, "M", [WINDOW]))["bill_cycles"]["M"][-1]["start"]


def test_a_copied_type_keeps_fields_and_comments():
    new = added(ACME, with_copied_type(ACME, "ADHOC", "TWICE"))
    assert "[request_types.TWICE]" in new or "[request_types.ADHOC]" in new
    found = tomllib.loads(with_copied_type(ACME, "ADHOC", "TWICE"))["request_types"]
    assert found["ADHOC"] == found["TWICE"]
    assert 2 == with_copied_type(ACME, "ADHOC", "TWICE").count("# above this many charges the batch makes the bill")


def test_the_last_table_of_a_file_can_be_copied():
    text = '[request_types.A]\nmode = "manual"'
    assert '[request_types.A]\nmode = "manual"\n\n[request_types.B]\nmode = "manual"\n' == with_copied_type(
        text, "A", "B"
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('[request_types.A]\nmode = "manual"\n', '[request_types.A]\nactive = false\nmode = "manual"\n'),
        ("[request_types.A]\nactive = true # for now\n", "[request_types.A]\nactive = false # for now\n"),
        ('[request_types."A"] # ours\nactive=false\n', '[request_types."A"] # ours\nactive=false\n'),
    ],
    ids=["not said", "said", "so already"],
)
def test_the_activity_of_a_type_is_one_line(text, lines):
    assert lines == with_activity(text, "A", active=False)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda: with_windows("bill_cycles = { M = [{ start = 2027-11-10 }] }", "M", [WINDOW]), ConfigurationError),
        (lambda: with_windows("[[bill_cycles.M]]\nstart = 2027-11-10\n", "M", [WINDOW]), ConfigurationError),
        (lambda: with_activity('request_types = { A = { mode = "manual" } }', "A", active=False), ConfigurationError),
        (lambda: with_activity("[request_types", "A", active=False), ConfigurationError),
        (lambda: with_windows(ACME, "NONE", [WINDOW]), NotFound),
        (lambda: with_copied_type(ACME, "NONE", "B"), NotFound),
        (lambda: with_copied_type(ACME, "ADHOC", "ENROLL"), NotAllowed),
    ],
)
def test_a_form_that_is_not_known_is_refused_and_never_guessed_at(change, error):
    with pytest.raises(error):
        change()

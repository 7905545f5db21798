"""A layout says where everything stands, and every mistake in it is named with its key and its remedy."""

from pathlib import Path

import pytest

from gateway.domain.coverage import FileAction
from gateway.transactions.census_compile import check_layout, date_form, load_layouts

SHIPPED = Path(__file__).parents[3] / "mappings" / "census"
PLAIN = """
layout = "own"
formats = ["csv", "xlsx"]
dates = ["MM/DD/YYYY"]

[member]
subscriber_id = "ID"
is_subscriber = { place = "Who", values = { Self = "Y", "*" = "N" } }
maintenance = { constant = "021" }

[[coverage]]
maintenance = { constant = "021" }
insurance_line = "Line"
begins_on = "Start"
"""


@pytest.fixture
def mistakes(tmp_path):
    """Returns what is wrong with the plain layout once `old` is replaced by `new`, as (key, problem, remedy)."""

    def mistakes(old, new, name="own"):
        assert old in PLAIN
        path = tmp_path / f"{name}.toml"
        path.write_text(PLAIN.replace(old, new, 1))
        layout, found = check_layout(path)
        assert (layout is None) == bool(found)
        assert all(each.file == f"mappings/census/{name}.toml" for each in found)
        return [(each.key, each.problem, each.remedy) for each in found]

    return mistakes


def test_the_layouts_that_are_shipped_have_no_mistake():
    layouts, mistakes = load_layouts(SHIPPED)
    assert ([], ["people", "people-fixed"]) == (mistakes, sorted(layouts))
    assert FileAction.CHANGE is layouts["people"].action


def test_the_plain_layout_has_no_mistake(mistakes):
    assert [] == mistakes("", "")


PLACE = 'write the name of a column, "start-end", or a table such as { place = "Action", values = { ADD = "021" } }'
MISTAKES = [
    # old, new, key, problem, remedy
    ('layout = "own"', 'layout = "other"', "layout", "it is not the name of the file", 'write layout = "own"'),
    (
        'formats = ["csv", "xlsx"]',
        'formats = ["csv", "ods"]',
        "formats[2]",
        "`ods` is not one of the choices",
        "known here: csv, fixed, xlsx",
    ),
    (
        'formats = ["csv", "xlsx"]',
        'formats = ["xlsx"]\nkind = "all"',
        "kind",
        "`all` is not one of the choices",
        "known here: change, full, verify",
    ),
    (
        "MM/DD/YYYY",
        "MM/DD/YY",
        "dates",
        "'MM/DD/YY' is no way to write a date",
        "write YYYY, MM or M and DD or D, with - / . or a blank between: MM/DD/YYYY",
    ),
    (
        'dates = ["MM/DD/YYYY"]',
        'dates = ["MM/DD/YYYY", "DD/MM/YYYY"]',
        "dates",
        "'DD/MM/YYYY' and 'MM/DD/YYYY' may mean two days by one text",
        "keep the one that the partner writes",
    ),
    ("[member]", "[members]", "members", "there is no such setting", "did you mean `member`?"),
    (
        'subscriber_id = "ID"',
        'subscriber_ids = "ID"\nsubscriber_id = "ID"',
        "member.subscriber_ids",
        "there is no such field",
        "did you mean `subscriber_id`?",
    ),
    ('subscriber_id = "ID"\n', "", "member.subscriber_id", "it has no place", PLACE),
    ('insurance_line = "Line"\n', "", "coverage[1].insurance_line", "it has no place", PLACE),
    ('subscriber_id = "ID"', "subscriber_id = 7", "member.subscriber_id", "it is no place", PLACE),
    (
        'subscriber_id = "ID"',
        'subscriber_id = ""',
        "member.subscriber_id",
        "it needs either a place or a constant",
        PLACE,
    ),
    (
        'subscriber_id = "ID"',
        'subscriber_id = " "',
        "member.subscriber_id",
        "the name of the column is empty",
        PLACE,
    ),
    (
        '{ constant = "021" }',
        '{ constant = "021", digits = 3 }',
        "member.maintenance",
        "a constant is all there is to say",
        "take out everything but the constant",
    ),
    (
        '{ constant = "021" }',
        '{ constant = "ADD" }',
        "member.maintenance.constant",
        "'ADD' does not fit",
        "write a maintenance type that we know (001, 002, 021, 024, 025, 026, 030, 032)",
    ),
    ('Self = "Y"', 'Self = "Yes"', "member.is_subscriber.values.self", "'Yes' does not fit", "write Y or N"),
    (
        'subscriber_id = "ID"',
        'subscriber_id = { place = "ID", defualt = "1" }',
        "member.subscriber_id.defualt",
        "there is no such setting",
        "did you mean `default`?",
    ),
    (
        "[[coverage]]",
        '[person]\ncontacts = "Phone"\n\n[[coverage]]',
        "person.contacts",
        "it is no table",
        'write { TE = "Phone", EM = "Email" }',
    ),
    (
        "[[coverage]]",
        '[header]\naction = "Kind"\n\n[[coverage]]',
        "header.action",
        "what the file wants to be is said by `kind`",
        "take it out and write kind",
    ),
    (
        "[[coverage]]",
        '[responsible]\nlast_name = "Payer"\n\n[[coverage]]',
        "responsible.role",
        "it has no place",
        'write role = { constant = "QD" }',
    ),
    (
        'formats = ["csv", "xlsx"]',
        'formats = ["csv", "fixed"]',
        "formats",
        "`fixed` has other places than the rest",
        "write a layout of its own for the files of fixed width",
    ),
    (
        'formats = ["csv", "xlsx"]',
        'formats = ["fixed"]',
        "member.subscriber_id",
        "'ID' is no span of positions",
        'write "start-end", counted from 1, such as "1-9"',
    ),
    ('formats = ["csv", "xlsx"]', "formats = [", "line 4", "this is not TOML: Invalid value", "correct that line"),
]


@pytest.mark.parametrize(("old", "new", "key", "problem", "remedy"), MISTAKES)
def test_a_mistake_is_named_with_its_key_and_remedy(mistakes, old, new, key, problem, remedy):
    assert (key, problem, remedy) in mistakes(old, new)


def test_every_mistake_is_named_at_once(mistakes):
    found = mistakes('Self = "Y"', 'Self = "Yes", Spouse = "No"')
    assert ["member.is_subscriber.values.self", "member.is_subscriber.values.spouse"] == [key for key, _, _ in found]


def test_a_layout_that_is_not_there_is_named(tmp_path):
    (mistake,) = check_layout(tmp_path / "gone.toml")[1]
    assert ("mappings/census/gone.toml", "the file is missing") == (mistake.file, mistake.problem)


@pytest.mark.parametrize("span", ["10-9", "0-4", "5", "a-b", "1-"])
def test_a_span_counts_from_one_and_does_not_run_backwards(mistakes, span):
    text = PLAIN.replace('["csv", "xlsx"]', '["fixed"]')
    for name in ("ID", "Who", "Line", "Start"):
        text = text.replace(f'"{name}"', f'"{span if name == "ID" else "20-29"}"')
    found = mistakes(PLAIN, text)
    assert ["member.subscriber_id"] == [key for key, _, _ in found]


@pytest.mark.parametrize("words", ["YYYYMMDD", "M/D/YYYY", "DD.MM.YYYY", "YYYY MM DD"])
def test_a_date_can_be_written_in_any_order_with_a_whole_year(words):
    assert words == date_form(words).words


@pytest.mark.parametrize(
    "words", ["", "YY-MM-DD", "MM/YYYY", "MM/MM/YYYY", "YYYY-MM-DDTHH", "DDMMYYYY?", "MDYYYY", "YYYYMMD"]
)
def test_a_date_without_day_month_and_whole_year_is_none(words):
    with pytest.raises(ValueError, match="YYYY, MM or M and DD or D"):
        date_form(words)

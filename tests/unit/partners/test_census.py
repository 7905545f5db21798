"""What a profile says of census files is held against the layouts there are and the partner's own accounts."""

import shutil

import pytest

from tests.unit.partners.conftest import ROOT

CENSUS = '\n[census]\nlayout = "people"\nformat = "xlsx"\nfiles = ["*.xlsx"]\npolicy = "G001234"\n'


@pytest.fixture
def mistakes(home):
    shutil.copytree(ROOT / "mappings" / "census", home.path / "mappings" / "census")

    def mistakes(old, new):
        assert old in CENSUS
        home.add("acme/profile.toml", CENSUS.replace(old, new))
        return [(key, problem, remedy) for file, key, problem, remedy in home.mistakes() if "acme/profile" in file]

    return mistakes


def test_a_census_that_fits_its_layout_has_no_mistake(mistakes):
    assert [] == mistakes("", "")


@pytest.mark.parametrize(
    ("old", "new", "key", "problem", "remedy"),
    [
        ('"people"', '"peple"', "census.layout", "there is no mappings/census/peple.toml", "did you mean `people`?"),
        (
            '"xlsx"',
            '"fixed"',
            "census.format",
            "the layout people is for other files",
            "choose one of its formats: csv, xlsx",
        ),
        ('"xlsx"', '"ods"', "census.format", "`ods` is not one of the choices", "known here: csv, fixed, xlsx"),
        ('["*.xlsx"]', "[]", "census.files", "it has too few entries", "1 or more"),
        (
            'policy = "G001234"',
            'policy = "G001235"',
            "census.policy",
            "no account of the partner has it: G001235",
            "did you mean `G001234`?",
        ),
        (
            'policy = "G001234"',
            'sponsor = "999999999"',
            "census.sponsor",
            "no account of the partner has it: 999999999",
            "known here: 123456789",
        ),
        (
            'policy = "G001234"',
            'account = "G9"',
            "census.account",
            "no account of the partner has it: G9",
            "known here: G001234",
        ),
    ],
)
def test_a_census_that_cannot_be_read_is_a_mistake(mistakes, old, new, key, problem, remedy):
    assert [(key, problem, remedy)] == mistakes(old, new)

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from gateway.cli import cli

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "validate.schema.json").read_text())
GOOD = (
    "ISA*00*          *00*          *ZZ*ACME           *ZZ*EXAMPLEHEALTH  *251104*0815*^*00501*000000019*1*P*:~"
    "GS*BE*ACME*EHP*20251104*0815*7*X*005010X220A1~ST*834*0001*005010X220A1~BGN*00*REF1*20251104*0800*ET***2~"
    "N1*P5*ACME CORP*FI*123456789~N1*IN*EXAMPLE HEALTH*FI*987654321~INS*Y*18*021*28*A***FT~REF*0F*S100~"
    "NM1*IL*1*ALPHA*ANN~HD*021**PPO*GOLD*EMP~DTP*348*D8*20251101~SE*10*0001~GE*1*7~IEA*1*000000019~"
)
BAD = GOOD.replace("INS*Y*18*021", "INS*Y*18*022")


@pytest.fixture
def gateway(tmp_path, monkeypatch):
    monkeypatch.delenv("GATEWAY_HOME", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, content: str = GOOD):
        (tmp_path / "sample.834").write_text(content)
        return CliRunner().invoke(cli, ["--as-of", "2025-11-05T12:30:00Z", *arguments])

    return run


@pytest.mark.parametrize(("content", "expected"), [(GOOD, 0), (BAD, 1), ("hello", 1), ("", 1)])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_exit_code_says_whether_the_file_is_clean(content, expected, options, gateway):
    assert expected == gateway("validate", "sample.834", *options, content=content).exit_code


def test_a_file_that_does_not_exist_is_a_usage_error(gateway):
    assert 2 == gateway("validate", "missing.834").exit_code


def test_json_is_one_object_on_stdout_that_keeps_its_schema(gateway):
    told = json.loads(gateway("validate", "sample.834", "--json", content=BAD).stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    (checked,) = told["interchanges"][0]["groups"][0]["sets"]
    assert ["IK403:7"] == [finding["code"] for finding in checked["findings"]]


def test_without_options_lines_are_printed(gateway):
    result = gateway("validate", "sample.834", content=BAD)
    assert "error IK403:7 at INS03" in result.stdout
    assert "sample.834: 1 errors, 0 warnings; 1 of 1 transaction sets rejected" in result.stdout
    assert "" == result.stderr


def test_acknowledgements_and_page_are_written_where_asked(gateway, tmp_path):
    result = gateway("validate", "sample.834", "--ack-dir", "acks", "--html", "page.html", content=BAD)
    assert 1 == result.exit_code
    assert ["sample.1.1.999.edi", "sample.1.TA1.edi"] == sorted(path.name for path in (tmp_path / "acks").iterdir())
    assert "*251105*1230*" in (tmp_path / "acks" / "sample.1.TA1.edi").read_text()
    assert "IK403:7" in (tmp_path / "page.html").read_text()


def test_a_page_that_cannot_be_written_is_our_failure(gateway):
    result = gateway("validate", "sample.834", "--html", "no/such/folder/page.html")
    assert "cannot read or write no/such/folder/page.html" in str(result.exception)


def test_nothing_is_written_beside_what_was_asked_for(gateway, tmp_path):
    gateway("validate", "sample.834")
    assert ["sample.834"] == [path.name for path in tmp_path.iterdir()]


def test_the_guides_of_a_home_are_used_where_one_is_named(gateway, tmp_path):
    own = tmp_path / "home" / "mappings" / "guides"
    own.mkdir(parents=True)
    text = (ROOT / "mappings" / "guides" / "811.xml").read_text()
    (own / "811.xml").write_text(text.replace("Consolidated Service Invoice/Statement 811", "Our own 811"))
    assert "Our own 811" in gateway("--home", "home", "guides").stdout
    assert "Our own 811" not in gateway("guides").stdout


def test_every_guide_is_listed_with_its_source(gateway):
    listed = gateway("guides").stdout.splitlines()
    for expected in (
        ["834", "005010X220A1", "00501", "pyx12"],
        ["834", "005010X307", "00501", "mappings/guides/834.5010.X307.xml"],
        ["810", "004010", "00401", "mappings/guides/810.xml"],
        ["TA1", "-", "00401", "mappings/guides/TA1.xml"],
    ):
        assert expected in [line.split()[:4] for line in listed]

"""Price files that two people change: loaded, looked at, approved by another person, billed with (HF-24, HN-14)."""

import csv
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.errors import NotAllowed, NotFound
from gateway.partners.billing import ProductSettings
from gateway.settings import packaged_partners
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

OLD = {"EMP": "620.00", "ESP": "1240.00", "ECH": "1178.00", "FAM": "1450.00"}
NEW = {"EMP": "651.00", "ESP": "1302.00", "ECH": "1236.90", "FAM": "1522.50"}
HEADER = "plan,tier,amount,starts_on,ends_on\n"
BRONZE = "".join(
    line for line in (packaged_partners() / "acme" / "rates.csv").read_text().splitlines(True) if "BRONZE" in line
)
JO, AL = ("--by", "Jo Doe"), ("--by", "Al Roe")


def rows(prices: dict[str, str], since: str, until: str = "") -> str:
    return "".join(f"GOLD,{tier},{amount},{since},{until}\n" for tier, amount in prices.items())


def table(year: dict[str, str] = OLD, following: dict[str, str] = NEW, turn: str = "2026-01-01") -> str:
    """Acme's own file, or one with other prices of GOLD."""
    eve = date.fromordinal(date.fromisoformat(turn).toordinal() - 1)
    return HEADER + BRONZE + rows(year, "2025-01-01", str(eve)) + rows(following, turn)


@pytest.fixture
def acme(house):
    """A house where A1 (EMP), A2 (FAM, three lives) and A3 (ESP, two lives) of acme are covered from November on."""
    house.take(
        "acme",
        Envelope().around(
            enrollment(
                member("A1"),
                member("A2", tier="FAM"),
                member("A2", tier="FAM", is_dependent=True, first_name="PLANTED"),
                member("A2", tier="FAM", is_dependent=True, first_name="KIM"),
                member("A3", tier="ESP"),
                member("A3", tier="ESP", is_dependent=True, first_name="LEE"),
            )
        ),
    )
    return house


@pytest.fixture
def load(house, gateway, tmp_path):
    """Load a file under a name; return the id of the change, or what was printed where there is none."""

    def load(content: str, *words: str, name: str = "rates.csv", by=JO, partner: str = "acme") -> str:
        path = tmp_path / name
        path.write_text(content)
        done = gateway("rates", "load", partner, str(path), *by, *words)
        found = re.search(r"rate change (P\w+)", done.stdout)
        return found[1] if found else done.stdout

    return load


@pytest.fixture
def agreed(gateway, load):
    """Load a table and have it approved."""

    def agreed(content: str, *words: str, **more: str) -> str:
        change = load(content, *words, **more)
        assert 0 == gateway("rates", "approve", change, *AL, "--despite-doubts").exit_code
        return change

    return agreed


def billed(house, on: date) -> list[tuple[str, str, str]]:
    """Bill a day; return type, month and amount of every line in dollars."""
    (invoice,) = house.bill(on).invoices
    found = house.rows(
        "SELECT line_type, month, tier, amount FROM invoice_lines WHERE invoice_id = ? ORDER BY month, tier", invoice.id
    )
    return [(kind, f"{month} {tier}", f"{cents / 100:.2f}") for kind, month, tier, cents in found]


def table_of(printed: str, title: str) -> list[list[str]]:
    """Return the rows of one printed table, cell by cell."""
    body = printed.split(title, 1)[1].strip("\n").split("\n\n")[0].splitlines()[1:]
    return [re.split(r"\s{2,}", line.strip()) for line in body]


NOVEMBER, DECEMBER = date(2025, 10, 23), date(2025, 11, 12)  # of acme's windows: through November, through December


def test_hf_24_a_table_is_billed_with_once_another_person_approved_it(acme, load, gateway):
    """HF-24: effective-dated rate tables with two-person change; approved change audited."""
    change = load(table(OLD | {"EMP": "630.00"}))
    assert ("CURRENT", "2025-11 EMP", "620.00") in billed(acme, NOVEMBER)  # loaded is not approved
    with pytest.raises(NotAllowed, match="were billed since"):
        gateway("rates", "approve", change, *AL)
    again = load(table(OLD | {"EMP": "630.00"}))
    done = gateway("rates", "approve", again, *AL)
    assert f"rate change {again} approved by Al Roe at 2025-10-23" in done.stdout
    assert [("CURRENT", "2025-12 EMP", "630.00")] == [
        line for line in billed(acme, DECEMBER) if line[1].endswith("EMP")
    ]
    audit = acme.rows("SELECT subject_id, text FROM log_events WHERE station = 'rates' ORDER BY id")
    assert [
        (change, "loaded by Jo Doe"),
        (change, "replaced by Jo Doe: another file was loaded in its place"),
        (again, "loaded by Jo Doe"),
        (again, "approved by Al Roe"),
    ] == [
        (subject, text.removeprefix(f"rates.csv of acme: rate change {subject} ")) for subject, text in audit
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Jo Doe", "jo  DOE "])
def test_hf_24_who_loaded_a_table_never_approves_it(name, acme, load, gateway):
    change = load(table(OLD | {"EMP": "630.00"}))
    with pytest.raises(NotAllowed, match="loaded rate change") as refused:
        gateway("rates", "approve", change, "--by", name)
    assert "another person must approve it" == refused.value.hint


def test_hf_24_the_dry_run_shows_rows_and_what_each_month_of_each_account_would_cost(acme, load, gateway):
    billed(acme, NOVEMBER)
    before = acme.effects()
    change = load(table(OLD | {"EMP": "630.00", "FAM": "1500.00"}), "--retro")
    loaded = acme.effects()
    done = gateway("rates", "diff", change)
    assert 0 == done.exit_code
    assert [
        ["changed", "GOLD EMP", "2025-01-01", "620.00", "2025-12-31", "630.00", "2025-12-31"],
        ["changed", "GOLD FAM", "2025-01-01", "1450.00", "2025-12-31", "1500.00", "2025-12-31"],
    ] == [row for row in table_of(done.stdout, "Rows") if row[1].startswith("GOLD")]
    assert [["G001234", "2025-11", "2", "4", "3,310.00", "3,310.00", "3,370.00", "60.00"]] == table_of(
        done.stdout, "dry run"
    )
    assert "1 of 1 account(s) change, by 60.00 through 2025-11" in done.stdout
    assert loaded == acme.effects()
    assert {"rate_changes", "log_events"} == {name for name in before if before[name] != loaded[name]}


def test_hf_24_the_dry_run_names_nobody(acme, load, gateway):
    change = load(table(OLD | {"EMP": "630.00"}), "--retro")
    printed = gateway("rates", "diff", change).stdout
    assert [] == [each for each in ("PLANTED", "SAMPLEA2", "1980", "A2") if each in printed]


def test_hf_24_a_wrong_tier_upload_is_caught_by_the_dry_run(acme, load, gateway):
    """HF-24: wrong-tier rate upload caught by dry run."""
    exchanged = table(OLD | {"EMP": "1450.00", "FAM": "620.00"})
    change = load(exchanged)
    done = gateway("rates", "diff", change)
    assert 1 == done.exit_code
    assert (
        "plan GOLD from 2025-01-01: tier EMP costs 1450.00, more than FAM, 620.00; are the two exchanged?"
        in done.stdout
    )
    with pytest.raises(NotAllowed, match=r"looks wrong: .*are the two exchanged"):
        gateway("rates", "approve", change, *AL)
    assert "rejected by Al Roe" in gateway("rates", "reject", change, *AL, "--reason", "tiers exchanged").stdout
    assert ("CURRENT", "2025-11 EMP", "620.00") in billed(acme, NOVEMBER)


def test_hf_24_a_misspelled_tier_leaves_cover_without_a_price_and_the_dry_run_says_whose(acme, load, gateway):
    change = load(table().replace("FAM", "FMA"))
    done = gateway("rates", "diff", change)
    assert 1 == done.exit_code
    assert {"UNKNOWN_TIER", "RATE_ENDS", "COVER_UNPRICED"} <= {row[0] for row in table_of(done.stdout, "Looks wrong")}
    assert "account G001234: 1 membership would have no price any more" in done.stdout


def test_hf_24_doubts_that_are_meant_are_approved_as_such(acme, load, gateway):
    change = load(table(OLD | {"EMP": "100.00"}))
    done = gateway("rates", "approve", change, *AL, "--despite-doubts")
    assert "despite 1 doubt" in done.stdout
    assert ("CURRENT", "2025-11 EMP", "100.00") in billed(acme, NOVEMBER)


def test_everything_twice_changes_nothing(acme, load, gateway):
    change = load(table(OLD | {"EMP": "630.00"}))
    states = [acme.effects()]
    assert change == load(table(OLD | {"EMP": "630.00"}), by=AL)
    assert states[-1] == acme.effects()
    gateway("rates", "approve", change, *AL)
    states.append(acme.effects())
    again = gateway("rates", "approve", change, "--by", "Somebody Else")
    assert "approved by Al Roe at 2025-10-23 09:00:00 before: nothing was done twice" in again.stdout
    assert "nothing to change" in load(table(OLD | {"EMP": "630.00"}))
    with pytest.raises(NotAllowed, match="was approved by Al Roe"):
        gateway("rates", "reject", change, *AL, "--reason", "too late")
    assert states[-1] == acme.effects()


def test_a_rejected_table_may_be_loaded_again_and_is_decided_anew(acme, load, gateway):
    content = table(OLD | {"EMP": "630.00"})
    first = load(content)
    gateway("rates", "reject", first, *JO, "--reason", "not signed yet")
    assert "before: nothing was done twice" in gateway("rates", "reject", first, *AL, "--reason", "again").stdout
    second = load(content)
    assert first != second
    gateway("rates", "approve", second, *AL)
    with pytest.raises(NotAllowed, match="was rejected by Jo Doe: not signed yet"):
        gateway("rates", "approve", first, *AL)


# --- renewals


RAISED = NEW | {"EMP": "700.00"}


@pytest.fixture
def january(acme):
    """The house in the middle of January 2026, billed through January."""
    for on in (NOVEMBER, DECEMBER, date(2025, 12, 10)):
        assert 1 == len(acme.bill(on).invoices)
    acme.clock.instant = datetime(2026, 1, 9, 9, tzinfo=UTC)
    return acme


def of_employee(lines) -> list[tuple[str, str, str]]:
    return [line for line in lines if line[1].endswith("EMP")]


FEBRUARY = date(2026, 1, 9)


def test_a_renewal_that_comes_late_changes_only_months_that_are_not_billed(january, agreed):
    agreed(table(OLD, RAISED))
    assert [("CURRENT", "2026-02 EMP", "700.00")] == of_employee(billed(january, FEBRUARY))


def test_a_renewal_that_is_flagged_retro_adjusts_the_months_that_are(january, agreed):
    agreed(table(OLD, RAISED), "--retro")
    assert [("RETRO_CHANGE", "2026-01 EMP", "49.00"), ("CURRENT", "2026-02 EMP", "700.00")] == of_employee(
        billed(january, FEBRUARY)
    )
    corrected = january.rows("SELECT corrects_invoice_id FROM invoice_lines WHERE line_type = 'RETRO_CHANGE'")
    (of_january,) = january.rows("SELECT id FROM invoices WHERE cutoff_on = '2026-01-31'")
    assert [of_january] == corrected


def test_what_holds_only_for_months_already_billed_needs_to_be_flagged(january, load):
    printed = load(table(OLD | {"EMP": "600.00"}))
    assert "nothing to change" in printed
    assert "need --retro" in printed


def test_hn_14_the_old_invoice_keeps_its_price_and_both_prices_are_shown_with_their_dates(january, agreed, gateway):
    """HN-14: renewal with new rates: old invoice keeps old rate, both shown with dates."""
    change = agreed(table(OLD, RAISED, "2026-03-01"), "--retro")
    printed = gateway("rates", "show", "G001234").stdout
    assert "account G001234: prices on 2026-01-09, renews on 2027-01-01" in printed
    assert f"Rates of rates.csv, as approved in {change}" in printed
    assert ["GOLD EMP", "620.00", "2025-01-01", "2026-02-28", "700.00", "2026-03-01"] in table_of(printed, "Rates of")
    assert [(62000,), (62000,), (65100,)] == january.rows(
        "SELECT rate FROM invoice_lines WHERE tier = 'EMP' ORDER BY month"
    )


def test_hn_14_before_anything_changes_the_partner_s_own_file_is_shown(acme, gateway):
    printed = gateway("rates", "show", "G001234").stdout
    assert "account G001234: prices on 2025-10-23, renews on 2026-01-01" in printed
    assert ["GOLD EMP", "620.00", "2025-01-01", "2025-12-31", "651.00", "2026-01-01"] in table_of(
        printed, "Rates of rates.csv"
    )


def test_an_account_nobody_knows_is_not_found(acme, gateway):
    with pytest.raises(NotFound, match="there is no account G9"):
        gateway("rates", "show", "G9")


# --- what goes wrong


def test_a_file_with_mistakes_is_not_loaded_and_each_is_named_by_its_line(acme, load, gateway):
    printed = load(HEADER + "GOLD,EMP,sixhundred,2025-01-01,\nGOLD,ESP,1240.00,2025-13-01,\n")
    assert [
        "rates.csv: line 2, amount: it is text, which does not fit; write: number",
        "rates.csv: line 3, starts_on: it is text, which does not fit; write: date",
    ] == printed.splitlines()
    assert "no rate change was ever loaded" in gateway("rates", "list").stdout


@pytest.mark.parametrize("content", [HEADER, ""])
def test_an_empty_file_is_no_table(content, acme, load):
    assert re.search(r"has no row|not the columns of a rate file", load(content))


def test_a_file_for_a_table_that_no_account_has_is_refused(acme, load):
    with pytest.raises(NotAllowed, match=r"no account of acme is priced by gold\.csv") as refused:
        load(table(OLD | {"EMP": "630.00"}), "--table", "gold.csv")
    assert "say --table NAME; tables of rates: rates.csv" == refused.value.hint


def test_a_file_of_another_name_is_for_the_only_table_of_its_kind(acme, load, gateway):
    load(table(OLD | {"EMP": "630.00"}), name="renewal 2026.csv")
    assert ["rates.csv", "staged"] == table_of(gateway("rates", "list").stdout, "CHANGE")[0][2:4]


def test_another_file_takes_the_place_of_one_that_waits(acme, load, gateway):
    first = load(table(OLD | {"EMP": "630.00"}))
    second = load(table(OLD | {"EMP": "640.00"}), by=AL)
    listed = {row[0]: row[3] for row in table_of(gateway("rates", "list", "--partner", "acme").stdout, "CHANGE")}
    assert {first: "replaced", second: "staged"} == listed


def test_a_table_that_changed_under_a_change_is_not_overwritten(acme, load, gateway):
    change = load(table(OLD | {"EMP": "630.00"}))
    partner = acme.plant.partners["acme"]
    edited = tuple(row.model_copy(update={"amount": row.amount + 1}) for row in partner.rates)
    acme.refit(partners={**acme.plant.partners, "acme": replace(partner, rates=edited)})
    with pytest.raises(NotAllowed, match="is no longer the table that rate change"):
        gateway("rates", "approve", change, *AL)


def test_the_table_in_force_is_exported_as_a_file_to_go_on_from(acme, agreed, gateway, load):
    agreed(table(OLD | {"EMP": "630.00"}))
    exported = gateway("rates", "export", "acme").stdout
    assert "GOLD,EMP,630.00,2025-01-01,2025-12-31\n" in exported
    assert "nothing to change" in load(exported)
    with pytest.raises(NotAllowed, match=r"acme has no price in fees\.csv"):
        gateway("rates", "export", "acme", "fees.csv")


def test_a_change_nobody_loaded_is_not_found(acme, gateway):
    for words in (("diff", "P9"), ("approve", "P9", *AL), ("reject", "P9", *AL, "--reason", "x")):
        with pytest.raises(NotFound, match="there is no rate change P9"):
            gateway("rates", *words)


# --- everything that a bill is made of, through one home


FEES = """name,basis,amount,percent,plan,legal_entity,starts_on,ends_on
Administration,member,2.50,,,,2025-01-01,
Service,account,150.00,,,EXSERVICE,2025-01-01,
"""


def lines_of(house, invoice: str) -> list[tuple]:
    columns = "product, legal_entity, is_fee, amount, employer_share, priced_by"
    return house.rows(
        f"SELECT {columns} FROM invoice_lines WHERE invoice_id = ? ORDER BY product, membership_id, amount", invoice
    )


def test_ia_51_hn_17_fees_entities_and_shares_reach_the_bill_and_the_partner(acme, agreed):
    billing = acme.plant.partners["acme"].billing
    account = billing.accounts["G001234"].model_copy(update={"legal_entity": "EXHEALTH"})
    acme.agree_on_billing("acme", accounts={"G001234": account}, products={"GOLD": ProductSettings(name="Gold PPO")})
    fees = agreed(FEES, name="fees.csv")
    agreed("plan,tier,percent,amount,starts_on,ends_on\n,,50,,2025-01-01,\n", name="contributions.csv")
    acme.agree("acme", feeds={"formats": ("csv", "json")})
    (invoice,) = acme.bill(NOVEMBER).invoices
    lines = lines_of(acme, invoice.id)
    assert [
        ("Administration", "EXHEALTH", 1, 250, None, f"fees.csv as approved in {fees}, line 2"),
        ("Administration", "EXHEALTH", 1, 500, None, f"fees.csv as approved in {fees}, line 2"),
        ("Administration", "EXHEALTH", 1, 750, None, f"fees.csv as approved in {fees}, line 2"),
        ("GOLD", "EXHEALTH", 0, 62000, 31000, "rates.csv, line 2"),
        ("GOLD", "EXHEALTH", 0, 124000, 62000, "rates.csv, line 3"),
        ("GOLD", "EXHEALTH", 0, 145000, 72500, "rates.csv, line 5"),
        ("Service", "EXSERVICE", 1, 15000, None, f"fees.csv as approved in {fees}, line 3"),
    ] == sorted(lines, key=lambda line: (line[0], line[3]))
    assert 331000 == sum(cents for _, _, is_fee, cents, *_ in lines if not is_fee)  # contract rates x lives
    feed = next(content for name, content in acme.inbox("acme").items() if name.endswith(".csv")).decode()
    assert ["Administration"] * 3 + ["GOLD"] * 3 + ["Service"] == sorted(
        row[8] for row in csv.reader(feed.splitlines()) if row[0] == invoice.id
    )
    assert f"TRAILER,7,{invoice.total}" in feed
    assert [] == acme.incidents()


def test_a_fee_of_the_account_goes_when_nobody_is_covered_any_more(acme, agreed):
    agreed(FEES, name="fees.csv")
    acme.bill(NOVEMBER)
    gone = [member(who, does="024", ends="20251031") for who in ("A1", "A2", "A3")]
    acme.take("acme", Envelope(number="000000102").around(enrollment(*gone, reference="GONE", created="20251022*0900")))
    acme.clock.instant = datetime(2025, 11, 12, 9, tzinfo=UTC)
    acme.bill(DECEMBER)
    assert [(0,)] == acme.rows("SELECT SUM(amount) FROM invoice_lines")
    assert [] == acme.incidents()


AGES = """plan,tier,amount,starts_on,ends_on
SILVER,AGE 0-20,260.35,2025-01-01,
SILVER,AGE 21+,333.33,2025-01-01,
"""
FACTORS = """plan,factor,area,ages,multiplier,starts_on,ends_on
,area,R-IL001,,1.0345,2025-01-01,
,tobacco,,AGE 21+,1.15,2025-01-01,
"""


def test_ages_area_and_tobacco_of_an_834_price_a_bill(house, agreed):
    original = (packaged_partners() / "acme" / "rates.csv").read_text()
    rates = agreed(original + AGES.split("\n", 1)[1])
    agreed(FACTORS, name="factors.csv")
    smoker = list(member("A1", plan="SILVER"))
    smoker.insert(5, "HLH*T")
    smoker += ["LS*2700", "LX*1", "N1*75*RATING AREA", "REF*9X*R-IL001", "LE*2700"]
    house.take("acme", Envelope().around(enrollment(tuple(smoker))))
    (invoice,) = house.bill(NOVEMBER).invoices
    assert "396.55" == str(invoice.total)  # 333.33 x 1.0345 x 1.15
    ((formula, priced_by),) = house.rows("SELECT formula, priced_by FROM invoice_lines")
    assert "396.55; full month, by age on 2025-01-01: AGE 21+ 333.33 x 1.0345 x 1.15" == formula
    assert re.fullmatch(rf"rates.csv as approved in {rates}, line \d+", priced_by)


def test_hf_30_four_products_of_an_834_are_one_bill(house, agreed):
    """HF-30: bill with 4 products."""
    house.agree_on_billing(
        "acme",
        products={
            "LIFE50": ProductSettings(line="LIFE", codes=("LF50",), legal_entity="EXLIFE"),
            "ADD50": ProductSettings(line="ADD", codes=("AD50",), legal_entity="EXLIFE"),
            "LTD60": ProductSettings(codes=("LTD",), legal_entity="EXLIFE"),
        },
    )
    original = (packaged_partners() / "acme" / "rates.csv").read_text()
    more = "LIFE50,EMP,11.25,2025-01-01,\nADD50,EMP,1.75,2025-01-01,\nLTD60,EMP,23.40,2025-01-01,\n"
    agreed(original + more)
    covers = [segment for segments in (
        ("HD*021**HLT*LF50*EMP", "DTP*348*D8*20251101"), ("HD*021**HLT*AD50*EMP", "DTP*348*D8*20251101"),
        ("HD*021**LTD**EMP", "DTP*348*D8*20251101"),
    ) for segment in segments]  # fmt: skip
    house.take("acme", Envelope().around(enrollment((*member("A1"), *covers))))
    (invoice,) = house.bill(NOVEMBER).invoices
    assert [
        ("ADD50", "ADD", 175), ("GOLD", "PPO", 62000), ("LIFE50", "LIFE", 1125), ("LTD60", "LTD", 2340),
    ] == house.rows("SELECT product, insurance_line, amount FROM invoice_lines ORDER BY product")  # fmt: skip
    assert "656.40" == str(invoice.total)


def test_a_plan_that_only_the_approved_table_has_can_be_enrolled(house, agreed):
    original = (packaged_partners() / "acme" / "rates.csv").read_text()
    before = house.take("acme", Envelope().around(enrollment(member("A1", plan="TIN"), reference="ONE")))
    agreed(original + "TIN,EMP,99.00,2025-01-01,\n")
    later = Envelope(number="000000102")
    house.take("acme", later.around(enrollment(member("A1", plan="TIN"), reference="TWO", created="20251021*0900")))
    assert [("UNKNOWN_PLAN",)] == house.rows(
        "SELECT code FROM findings WHERE file_id = ? AND code = 'UNKNOWN_PLAN'", before.id
    )
    assert ["99.00"] == [str(invoice.total) for invoice in house.bill(NOVEMBER).invoices]


def test_ia_51_a_fee_that_has_the_name_of_a_plan_is_not_loaded(acme, load):
    assert "`GOLD` is the name of a plan and of a fee; give one of them another name" in load(
        FEES.replace("Service", "GOLD"), name="fees.csv"
    )


def test_the_same_loop_is_taken_again_once_its_plan_was_approved(house, agreed):
    original = (packaged_partners() / "acme" / "rates.csv").read_text()
    loop = member("A1", plan="TIN")
    house.take("acme", Envelope().around(enrollment(loop, reference="ONE")))
    house.take("acme", Envelope(number="000000102").around(enrollment(loop, reference="TWO", created="20251021*0900")))
    assert [(0,)] == house.rows("SELECT COUNT(*) FROM coverages")
    agreed(original + "TIN,EMP,99.00,2025-01-01,\n")
    house.take(
        "acme", Envelope(number="000000103").around(enrollment(loop, reference="THREE", created="20251022*0900"))
    )
    assert [(1,)] == house.rows("SELECT COUNT(*) FROM coverages")

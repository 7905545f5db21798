"""Accounts, memberships, members, coverage history and the membership log."""

from dataclasses import replace
from datetime import date, timedelta

from gateway.domain.coverage import Family, MemberDetails, MembershipStatus, ProductDetails
from gateway.domain.parties import Account, LineOfBusiness, Person
from gateway.domain.period import Period
from gateway.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from tests.contract.records import (
    ACME,
    NOW,
    add_file_with_set,
    change,
    coverage,
    log_entry,
    member,
    membership,
    request,
)

LATER = NOW + timedelta(days=1)


def enroll(unit: UnitOfWork) -> None:
    """Membership M1 of account ACME with one member and one cover."""
    add_file_with_set(unit)
    unit.enrollment.add_account(ACME)
    unit.enrollment.save([change(members=(member(),), opened=(coverage(),))])


def test_a_family_comes_back_as_it_was_saved(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        enroll(unit)
        unit.commit()
        assert {"M1": Family(membership(), (member(),), (coverage(),))} == unit.enrollment.families(["M1", "M2", "M1"])


def test_saving_the_same_change_again_changes_nothing(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        enroll(unit)
        unit.enrollment.save([change(members=(member(),), opened=(coverage(),))])
        assert {"M1": Family(membership(), (member(),), (coverage(),))} == unit.enrollment.families(["M1"])


def test_of_a_change_that_is_no_news_only_the_event_is_written(database, open_unit: OpenUnitOfWork) -> None:
    said_before = replace(change(replace(membership(), policy="other"), ordinal=2), is_news=False)
    with open_unit() as unit:
        enroll(unit)
        unit.enrollment.save([said_before])
        unit.commit()
        assert {"M1": Family(membership(), (member(),), (coverage(),))} == unit.enrollment.families(["M1"])
    assert 2 == len(database.queries().member("M1").changes)


def test_a_superseded_version_is_no_longer_believed_but_kept(open_unit: OpenUnitOfWork) -> None:
    ended = replace(coverage("C2"), period=Period(date(2025, 9, 1), date(2025, 12, 1)), known_at=LATER)
    with open_unit() as unit:
        enroll(unit)
        unit.enrollment.save([change(opened=(ended,), superseded=("C1",), at=LATER, ordinal=2)])
        unit.commit()
        assert (ended,) == unit.enrollment.families(["M1"])["M1"].coverages
    with open_unit() as unit:
        unit.enrollment.save([change(superseded=("C1",), at=LATER + timedelta(days=1), ordinal=3)])
        unit.commit()


def test_history_says_since_when_and_until_when_a_version_was_believed(database, open_unit: OpenUnitOfWork) -> None:
    ended = replace(coverage("C2"), period=Period(date(2025, 9, 1), date(2025, 12, 1)), known_at=LATER)
    with open_unit() as unit:
        enroll(unit)
        unit.enrollment.save([change(opened=(ended,), superseded=("C1",), at=LATER, ordinal=2)])
        unit.enrollment.save([change(superseded=("C1",), at=LATER + timedelta(days=1), ordinal=3)])
        unit.commit()
    versions = database.queries().member("M1").coverages
    assert [("C1", NOW, LATER, None), ("C2", LATER, None, date(2025, 11, 30))] == [
        (each.id, each.known_at, each.superseded_at, each.last_day) for each in versions
    ]


def test_a_version_opened_and_superseded_in_one_save_is_not_believed(open_unit: OpenUnitOfWork) -> None:
    second = replace(coverage("C2"), level="EMP")
    with open_unit() as unit:
        enroll(unit)
        unit.enrollment.save(
            [
                change(opened=(second,), superseded=("C1",), ordinal=2),
                change(opened=(replace(second, id="C3"),), superseded=("C2",), ordinal=3),
            ]
        )
        assert ["C3"] == [each.id for each in unit.enrollment.families(["M1"])["M1"].coverages]


def test_of_several_changes_to_a_membership_the_last_stands(open_unit: OpenUnitOfWork) -> None:
    ended = replace(membership(), status=MembershipStatus.TERMINATED, termination_reason="07")
    with open_unit() as unit:
        enroll(unit)
        unit.enrollment.save(
            [
                change(replace(membership(), status=MembershipStatus.CANCELED), members=(member(last_name="B"),)),
                change(ended, members=(member(last_name="Bravo"),), ordinal=2),
            ]
        )
        family = unit.enrollment.families(["M1"])["M1"]
        assert (ended, (member(last_name="Bravo"),)) == (family.membership, family.members)


def test_the_families_of_an_account_are_read_in_chunks_in_the_order_of_their_ids(open_unit: OpenUnitOfWork) -> None:
    ids = [f"M{n:05d}" for n in range(1500)]
    with open_unit() as unit:
        enroll(unit)
        unit.enrollment.save([change(membership(each), ordinal=n) for n, each in enumerate(reversed(ids), start=2)])
        unit.commit()
        families = list(unit.enrollment.families_of_account("ACME"))
    assert [*ids, "M1"] == [family.membership.id for family in families]
    assert Family(membership(), (member(),), (coverage(),)) == families[-1]


def test_a_membership_need_not_have_an_account(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.enrollment.save([change(membership(account_id=""))])
        unit.commit()
        assert membership(account_id="") == unit.enrollment.families(["M1"])["M1"].membership


def test_an_account_is_added_once(open_unit: OpenUnitOfWork) -> None:
    individual = Account("M7", "hix", LineOfBusiness.INDIVIDUAL, membership_id="M7")
    with open_unit() as unit:
        unit.enrollment.add_account(ACME)
        unit.enrollment.add_account(replace(ACME, policy="another"))
        unit.enrollment.add_account(individual)
        assert (ACME, individual, None) == tuple(map(unit.enrollment.account, ("ACME", "M7", "M8")))
        assert ([ACME], []) == (unit.enrollment.accounts_of("acme"), unit.enrollment.accounts_of("birch"))


def test_memberships_are_found_by_subscriber_id(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        enroll(unit)
        unit.enrollment.add_account(replace(ACME, id="BIRCH"))
        unit.enrollment.save([change(membership("M2", account_id="BIRCH"), ordinal=2)])
        assert ["M1"] == unit.enrollment.membership_of_subscriber("A100", ["ACME"])
        assert ["M1", "M2"] == unit.enrollment.membership_of_subscriber("A100", ["BIRCH", "ACME"])
        assert [] == unit.enrollment.membership_of_subscriber("A101", ["ACME"])
        found = unit.enrollment.memberships_by_subscriber(["A100", "A101"])
        assert {"A100": [membership(), membership("M2", account_id="BIRCH")]} == found


def test_members_are_found_by_id(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        enroll(unit)
        assert {"P1": member()} == unit.enrollment.members(["P1", "P2"])


def test_the_details_of_a_member_come_back_whole_and_the_latest_stand(open_unit: OpenUnitOfWork) -> None:
    payer = Person("ALPHA", "ABE", birth_date=date(1950, 2, 1), contacts=(("TE", "5550100"),))
    product = ProductDetails("HLT", "GOLD", (("X9", "1"),), (("343", "20251031"),), ("NM1*P3*1*DOC", "COB*P*1*5"))
    known = MemberDetails(
        references=(("DX", "DEPT7"), ("ZZ", "1\x1f2")),
        dates=(("336", "20200101"),),
        particulars=(("employment", "FT"),),
        reporting=(("APTC AMT", "626.66", "2025-11-01"),),
        responsible=("S1", payer),
        products=(product,),
        unread=("ICM*1*100",),
    )
    with open_unit() as unit:
        enroll(unit)
        for ordinal, details in enumerate([known, MemberDetails(responsible=("QD", Person("BETA")))], start=2):
            told = replace(member(), details=details)
            unit.enrollment.save([change(members=(told,), ordinal=ordinal)])
            assert {"P1": told} == unit.enrollment.members(["P1"])


def test_a_decision_is_logged_once_and_leads_from_the_request_to_its_events(open_unit: OpenUnitOfWork) -> None:
    joined, refused = log_entry("K2"), log_entry("K3", request_id=None)
    with open_unit() as unit:
        enroll(unit)
        unit.requests.add(request())
        unit.enrollment.add_log([log_entry(), joined, refused])
        unit.enrollment.add_log([replace(log_entry(), note="again")])
        assert [log_entry(), joined] == unit.requests.log_of("R1")


def test_an_account_is_locked_for_one_transaction_at_a_time(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.enrollment.add_account(ACME)
        unit.commit()
        unit.enrollment.lock_account("ACME")
        unit.commit()
    with open_unit() as unit:
        unit.enrollment.lock_account("ACME")

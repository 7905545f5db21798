"""What a partner's billing must agree on within itself: one change of a sample, and the mistake it makes."""

import itertools

import pytest

from gateway.domain.charge import LEGAL_REQUEST_TYPES, BillGeneration, InvoiceMode
from gateway.partners.prerequisites import missing_prerequisites

BILLING = "birch/billing.toml"
LEAVE = '[request_types.LEAVE]\ndescription = "A member left or never was"\nmode = "automatic"\n'
MANUAL = 'only mode = "manual" with generation = "regular" may have it'
TYPES = 'request_types = { enroll = "ENROLL", terminate = "LEAVE", cancel = "LEAVE" }'
EVENTS = "accounts.G005678.request_types"

WRONG = [
    (
        'mode = "automatic"\nwait_days',
        'mode = "automatic"\ndate_algorithm = "C1-INVRDTCIN"\nwait_days',
        ("request_types.ENROLL.date_algorithm", "there is no such date algorithm", "did you mean `C1-INVRDTCIM`?"),
    ),
    (
        'calendar = "us-federal"',
        'calendar = "us-fedral"',
        (
            "request_types.ENROLL.calendar",
            "there is no mappings/calendars/us-fedral.toml",
            "did you mean `us-federal`?",
        ),
    ),
    (
        'rates = "rates.csv"',
        'rates = "rates.csv"\ncalendar = "ours"',
        ("accounts.G005678.calendar", "there is no mappings/calendars/ours.toml", "known here: us-federal"),
    ),
    (
        "start = 2025-07-10, end = 2025-07-15",
        "start = 2025-07-10, end = 2025-07-09",
        ("bill_cycles.MONTHLY[2].end", "the window ends before it starts", "end it on its start or later"),
    ),
    (
        "start = 2025-07-10, end",
        "start = 2025-06-13, end",
        (
            "bill_cycles.MONTHLY[2].start",
            "it starts on or before the end of the window before it, 2025-06-13",
            "write the windows in order, each after the one before",
        ),
    ),
    (
        "cutoff = 2025-08-31",
        "cutoff = 2025-07-30",
        ("bill_cycles.MONTHLY[2].cutoff", "it is before the cutoff of the window before it", "correct one"),
    ),
    (
        'bill_cycle = "MONTHLY"',
        'bill_cycle = "MONTHLI"',
        ("accounts.G005678.bill_cycle", "there is no bill cycle `MONTHLI`", "did you mean `MONTHLY`?"),
    ),
    (
        'rates = "rates.csv"',
        'rates = "north.csv"',
        (
            "accounts.G005678.rates",
            "no rate is on file in north.csv",
            'write the file, one row per price, or rate_source = "sent"',
        ),
    ),
    (
        "[accounts.G005678]",
        '[accounts."G 5678"]',
        (
            "accounts.G 5678",
            "this cannot be the id of an account",
            "up to 40 letters, digits, dots, dashes and underscores",
        ),
    ),
    (
        TYPES,
        TYPES.replace('"ENROLL"', '"ENROL", reinstate = "ENROLL", change = "ENROLL"'),
        (f"{EVENTS}.enroll", "there is no request type `ENROL`", "did you mean `ENROLL`?"),
    ),
    (
        TYPES,
        TYPES.replace(" }", ', link_only = "LEAVE" }'),
        (
            f"{EVENTS}.link_only",
            "this event never raises a request",
            "known here: cancel, change, enroll, reinstate, terminate",
        ),
    ),
    (
        TYPES,
        TYPES.replace(', cancel = "LEAVE"', ""),
        (
            EVENTS,
            "no request type is given for cancel",
            'write cancel = "CODE", or member_events_raise_requests = false',
        ),
    ),
    (
        'line_of_business = "group"',
        'line_of_business = "grp"',
        ("accounts.G005678.line_of_business", "`grp` is not one of the choices", "did you mean `group`?"),
    ),
]


@pytest.mark.parametrize(("old", "new", "mistake"), WRONG, ids=[f"{each[2][0]}-{n}" for n, each in enumerate(WRONG)])
def test_one_wrong_setting_makes_one_mistake_with_its_remedy(home, old, new, mistake):
    home.change(BILLING, old, new)
    assert [(BILLING, *mistake)] == home.mistakes()


@pytest.mark.parametrize(
    ("mode", "generation", "approval"), list(itertools.product(InvoiceMode, BillGeneration, [True, False]))
)
def test_of_the_eight_kinds_of_request_types_exactly_the_four_legal_ones_pass(home, mode, generation, approval):
    home.add(
        "elm/billing.toml",
        f'[request_types.X]\nmode = "{mode}"\ngeneration = "{generation}"\napproval = {str(approval).lower()}\n',
    )
    assert ((mode, generation, approval) in LEGAL_REQUEST_TYPES) is (home.mistakes() == [])


@pytest.mark.parametrize(
    ("settings", "mistake"),
    [
        (
            'mode = "automatic"\ngeneration = "trial"',
            (
                "generation",
                "an automatic request never makes a trial bill",
                'write mode = "manual", or generation = "regular"',
            ),
        ),
        ('mode = "automatic"\napproval = true', ("approval", "automatic regular types have no approval", MANUAL)),
        (
            'mode = "manual"\ngeneration = "trial"\ndefer_count = 5',
            ("defer_count", "manual trial types have no defer count", MANUAL),
        ),
        ('mode = "automatic"\ndefer_count = 5', ("defer_count", "automatic regular types have no defer count", MANUAL)),
    ],
)
def test_an_illegal_request_type_says_what_would_be_legal(home, settings, mistake):
    home.add("elm/billing.toml", f"[request_types.X]\n{settings}\n")
    key, problem, remedy = mistake
    assert [("elm/billing.toml", f"request_types.X.{key}", problem, remedy)] == home.mistakes()


def test_a_manual_regular_type_may_have_a_defer_count(home):
    home.add("elm/billing.toml", '[request_types.X]\nmode = "manual"\ndefer_count = 0\n')
    assert [] == home.mistakes()


@pytest.mark.parametrize(
    ("change", "what"),
    [(('mode = "automatic"', 'mode = "manual"'), "manual"), (('mode = "automatic"', "active = false"), "not active")],
)
def test_an_event_only_raises_requests_of_an_active_automatic_type(home, change, what):
    home.change(BILLING, LEAVE, LEAVE.replace(*change))
    assert [
        (f"{EVENTS}.cancel", f"the request type `LEAVE` is {what}"),
        (f"{EVENTS}.terminate", f"the request type `LEAVE` is {what}"),
    ] == [mistake[1:3] for mistake in home.mistakes()]


@pytest.mark.parametrize(
    "setting",
    ["member_events_raise_requests = false", 'line_of_business = "self_funded"'],
)
def test_an_account_whose_events_raise_nothing_needs_no_request_types(home, setting):
    home.change(BILLING, 'line_of_business = "group"', setting)
    home.change(BILLING, TYPES, "")
    assert [] == home.mistakes()


@pytest.mark.parametrize("setting", ['line_of_business = "self_funded"', 'rate_source = "sent"'])
def test_an_account_that_is_not_billed_by_our_prices_needs_no_rates(home, setting):
    home.change(BILLING, 'line_of_business = "group"', setting)
    (home.path / "partners/birch/rates.csv").unlink()
    assert [] == home.mistakes()


def test_a_bill_cycle_without_windows_is_named(home):
    home.add("elm/billing.toml", "[bill_cycles]\nNEVER = []\n")
    assert [("bill_cycles.NEVER", "the cycle has no window")] == [mistake[1:3] for mistake in home.mistakes()]


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        (
            "[accounts.individual]",
            "[accounts.D1]",
            "individual_accounts",
            "there is no pattern for individual accounts",
        ),
        (
            "individual_accounts = true",
            "",
            "accounts.individual",
            "this id is the pattern of individual accounts",
        ),
        (
            'line_of_business = "individual"',
            "",
            "accounts.individual.line_of_business",
            "the pattern of individual accounts is not individual",
        ),
    ],
)
def test_individual_accounts_and_their_pattern_belong_together(home, old, new, key, problem):
    home.change("dunes/billing.toml", old, new)
    assert [(key, problem)] == [mistake[1:3] for mistake in home.mistakes()]


def test_an_active_employer_has_an_account(home):
    home.activate("birch")
    (home.path / "partners" / BILLING).write_text("")
    assert [("accounts", "an active employer has no account to bill", "write [accounts.ID]")] == [
        mistake[1:] for mistake in home.mistakes()
    ]


CLASS = '[customer_classes.GROUP]\naccount_selection = "C1-INVACTEL"\nstatus_update = "C1-INVRSTUP"\n'


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        (
            'status_update = "C1-INVRSTUP"\n',
            "",
            "customer_classes.GROUP.status_update",
            "the hook C1-INVRSTUP, the status update, is missing",
        ),
        (
            'account_selection = "C1-INVACTEL"\n',
            "",
            "customer_classes.GROUP.account_selection",
            "the hook C1-INVACTEL, the account selection, is missing",
        ),
        ('"C1-INVACTEL"', '"C1-INVACTE"', "customer_classes.GROUP.account_selection", "there is no hook `C1-INVACTE`"),
    ],
)
def test_or_36_each_missing_hook_of_a_customer_class_is_named(home, old, new, key, problem):
    home.add(BILLING, "\n" + CLASS.replace(old, new))
    assert [(key, problem)] == [mistake[1:3] for mistake in home.mistakes()]


def test_or_36_whoever_registers_a_hook_may_name_it(home):
    home.add(BILLING, "\n" + CLASS.replace("C1-INVRSTUP", "CM-MINE"))
    assert [] == home.mistakes(status_updates={"CM-MINE"})


def test_an_account_s_customer_class_exists(home):
    home.change(BILLING, 'bill_cycle = "MONTHLY"', 'customer_class = "GROUPS"\nbill_cycle = "MONTHLY"')
    home.add(BILLING, "\n" + CLASS)
    assert [("accounts.G005678.customer_class", "there is no customer class `GROUPS`", "did you mean `GROUP`?")] == [
        mistake[1:] for mistake in home.mistakes()
    ]


def test_or_33_the_types_of_the_customer_class_serve_accounts_that_have_none(home):
    home.change(BILLING, TYPES, 'customer_class = "GROUP"')
    home.add(BILLING, f"\n{CLASS}{TYPES}\n")
    assert [] == home.mistakes()
    home.change(BILLING, 'terminate = "LEAVE", cancel = "LEAVE" }\n', 'terminate = "LEAV", cancel = "LEAVE" }\n')
    assert [("customer_classes.GROUP.request_types.terminate", "there is no request type `LEAV`")] == [
        mistake[1:3] for mistake in home.mistakes()
    ]


@pytest.mark.parametrize(
    ("persons", "key", "problem"),
    [
        ('[persons.NORTH]\nparent = "HEAD"\n', "persons.NORTH.parent", "there is no person `HEAD`"),
        (
            '[persons.A]\nparent = "B"\n[persons.B]\nparent = "A"\n',
            "persons.A.parent",
            "`A` would be above itself",
        ),
    ],
)
def test_persons_form_a_tree(home, persons, key, problem):
    home.add(BILLING, f"\n{persons}")
    assert (key, problem) == home.mistakes()[0][1:3]


def test_or_18_the_business_object_fits_the_bill_generation(home):
    wrong = 'business_object = "Invoice Request - Trial Bill Generation"'
    home.change(BILLING, LEAVE, LEAVE + wrong + "\n")
    assert [("request_types.LEAVE.business_object", "it does not make regular bills")] == [
        mistake[1:3] for mistake in home.mistakes()
    ]


@pytest.mark.parametrize("key", ["bill_cycle", "bill_period"])
def test_a_bill_cycle_and_a_bill_period_are_never_set_without_each_other(home, key):
    value = {"bill_cycle": '"MONTHLY"', "bill_period": '"month"'}[key]
    home.change(BILLING, f"{key} = {value}", "")
    assert [(f"accounts.G005678.{key}", "it is missing")] == [mistake[1:3] for mistake in home.mistakes()]


def test_a_bill_cycle_never_drifts_from_the_bill_period(home):
    home.change(BILLING, 'bill_period = "month"', 'bill_period = "quarter"')
    assert [
        (
            "accounts.G005678.bill_period",
            "cutoff 2 of MONTHLY lies 1 months after the one before",
            "a bill period of a quarter moves it by 3: correct one of the two",
        )
    ] == [mistake[1:] for mistake in home.mistakes()]


def test_billing_in_arrears_cuts_off_before_its_window(home):
    home.change(BILLING, 'bill_cycle = "MONTHLY"', 'timing = "arrears"\nbill_cycle = "MONTHLY"')
    assert [("accounts.G005678.timing", "cutoff 1 of MONTHLY is not one of billing in arrears")] == [
        mistake[1:3] for mistake in home.mistakes()
    ]


@pytest.mark.parametrize(
    ("policy", "key", "problem"),
    [
        (
            'reinstated_on = 2026-01-01\nrequest_types = { reinstate = "ENROLL" }',
            "reinstated_on",
            "the policy is reinstated without having been terminated before",
        ),
        ("in_force_on = 2026-01-01", "request_types", "what happens to the policy raises no request"),
        (
            'in_force_on = 2026-01-01\nrequest_types = { in_force = "ENROL" }',
            "request_types.in_force",
            "there is no request type `ENROL`",
        ),
    ],
)
def test_what_happens_to_a_policy_is_held_against_itself(home, policy, key, problem):
    home.add(BILLING, f"\n[accounts.G005678.policy]\n{policy}\n")
    [mistake] = home.mistakes()
    assert f"accounts.G005678.policy.{key}" == mistake[1]
    assert mistake[2].startswith(problem)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('{ INVRACTE = "Y" }', "{}", "it has no INVRACTE, so that it is not eligible and no request is made for it"),
        ('{ INVRACTE = "Y" }', '{ INVRACTE = "N" }', None),
        ('mode = "manual"', "active = false\nmode = 'manual'", "there is no active manual type"),
    ],
    ids=["absent", "N is meant", "no type for people"],
)
def test_or_36_what_keeps_requests_from_being_made_is_told_though_it_is_no_mistake(home, old, new, said):
    text = (home.path / "partners" / BILLING).read_text()
    (home.path / "partners" / BILLING).write_text(text.replace(old, new))
    partners, mistakes = home.load()
    told = [note.problem for note in missing_prerequisites(partners["birch"], "INVRACTE")]
    assert [] == mistakes
    assert (said is None) == (told == [])
    assert said is None or told[0].startswith(said)

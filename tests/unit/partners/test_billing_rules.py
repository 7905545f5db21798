"""What a partner's billing must agree on within itself: one change of a sample, and the mistake it makes."""

import itertools

import pytest

from gateway.domain.charge import LEGAL_REQUEST_TYPES, BillGeneration, InvoiceMode

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

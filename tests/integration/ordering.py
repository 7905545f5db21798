"""What the tests of invoice requests have in common: members on file, types of acme, an order as a person types it."""

from datetime import date

from gateway.partners.billing import CustomerClass, Person, RequestType
from gateway.pipeline.request_target import RequestOrder
from tests.unit.pipeline.house import House
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

ACME = "G001234"
NOVEMBER_30 = date(2025, 11, 30)
TODAY = date(2025, 10, 23)
HOOKS = {"account_selection": "C1-INVACTEL", "status_update": "C1-INVRSTUP"}
MANUAL = {
    "NOW": RequestType(mode="manual"),
    "FEW": RequestType(mode="manual", defer_count=2),
    "WAIT": RequestType(mode="manual", wait_days=3),
    "FOUR_EYES": RequestType(mode="manual", approval=True),
    "TRIAL": RequestType(mode="manual", generation="trial"),
    "OLD": RequestType(mode="manual", active=False),
}


def add_types(house: House, **more: RequestType) -> None:
    """Give acme a manual type of each kind."""
    types = house.plant.partner("acme").billing.request_types
    house.agree_on_billing("acme", request_types={**types, **MANUAL, **more})


def change_account(house: House, account_id: str = ACME, **settings: object) -> None:
    """Change the settings of one of acme's accounts."""
    accounts = house.plant.partner("acme").billing.accounts
    changed = accounts[account_id].model_copy(update=settings)
    house.agree_on_billing("acme", accounts={**accounts, account_id: changed})


def silence(house: House) -> None:
    """Let acme's member events raise no request, so that only people do."""
    change_account(house, member_events_raise_requests=False)


def enroll(house: House, *subscribers: str, number: str = "000000101", policy: str = ACME, **fields: str) -> str:
    """Enroll members of acme; return the id of the file that did."""
    members = [member(each, policy=policy, **fields) for each in subscribers]
    body = enrollment(*members, reference=f"REF{number}", policy=policy, created=f"20251020*{number[-4:]}")
    return house.take("acme", Envelope(number=number).around(body)).id


def order(request_type: str = "NOW", **changed: object) -> RequestOrder:
    """Return what pat orders for acme through the end of November."""
    fields = {
        "request_type": request_type,
        "account_id": ACME,
        "cutoff_on": NOVEMBER_30,
        "accounting_on": date(2025, 11, 1),
        "bill_on": TODAY,
        "by": "pat",
    }
    return RequestOrder(**fields | changed)


def words(request_type: str = "NOW", *more: str, account: str = ACME) -> tuple[str, ...]:
    """Return the same order as words of the command line."""
    return (
        *("request", "create", "--type", request_type, "--account", account, "--cutoff", "2025-11-30"),
        *("--accounting", "2025-11-01", "--bill-date", "2025-10-23", "--by", "pat", *more),
    )


def create(house: House, request_type: str = "NOW", **changed: object):
    """Order as pat and let the gateway work; return what became of the request."""
    [done] = house.app.create_requests(order(request_type, **changed))
    house.work()
    return house.app.queries.request(done.request.id).request


def requests(house: House) -> list[tuple[str, str, str]]:
    """Return account, type and status of every request, in the order they were made."""
    return house.rows("SELECT account_id, request_type, status FROM invoice_requests ORDER BY created_on, rowid")


def outcomes(house: House) -> list[tuple[str, str]]:
    """Return event and outcome of every line of the membership log, in the order of writing."""
    return house.rows("SELECT event, outcome FROM membership_log ORDER BY rowid")


def journal(house: House) -> list[tuple]:
    """Return the hash chains of the journal: nothing is posted without changing them."""
    return house.rows("SELECT book, sequence, digest FROM journal_books ORDER BY book")


def tree(house: House) -> None:
    """Give acme a tree of persons with four accounts, one of them not eligible, each with a member."""
    accounts = house.plant.partner("acme").billing.accounts
    head = accounts[ACME].model_copy(update={"member_events_raise_requests": False})

    def below(name: str, person: str, **settings: object):
        fields = {"policies": (name,), "tax_ids": (), "person": person, "broker": "", **settings}
        return head.model_copy(update=fields)

    house.agree_on_billing(
        "acme",
        persons={"NORTH": Person(), "CITY": Person(parent="NORTH")},
        accounts={
            ACME: head,
            "PLANT": below("PLANT", "NORTH", characteristics={"INVRACTE": "N"}),
            "SHOP": below("SHOP", "NORTH"),
            "YARD": below("YARD", "CITY"),
        },
    )
    for number, policy in enumerate((ACME, "PLANT", "SHOP", "YARD"), start=1):
        enroll(house, f"T{number}", number=f"00000020{number}", policy=policy)


def customer_class(house: House, **hooks: str) -> None:
    """Put acme's account into a customer class with these hooks."""
    house.agree_on_billing("acme", customer_classes={"GROUP": CustomerClass(**hooks)})
    change_account(house, customer_class="GROUP")

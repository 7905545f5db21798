"""What partners must agree on with each other."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gateway.configuration.toml_file import closest
from gateway.domain.mistake import Mistake
from gateway.domain.parties import PartnerRole
from gateway.partners.partner import Partner
from gateway.partners.surroundings import in_billing, in_profile

_Report = Callable[[Partner, str, str, str], Mistake]
_Claim = tuple[object, str, Partner, str]  # what is claimed, in words, by whom, under which key


def crosscheck(partners: Sequence[Partner], *, is_complete: bool) -> Iterator[Mistake]:
    """Yield what partners claim twice, and what they refer to that no partner has.

    References are only checked when the list `is_complete`: a partner whose files cannot be read may well have it.
    """
    yield from _claimed_twice(_account_ids(partners), in_billing)
    yield from _claimed_twice(_policies(partners), in_billing)
    yield from _claimed_twice(_interchange_ids(partners), in_profile)
    yield from _claimed_twice(_mailboxes(partners), in_profile)
    if is_complete:
        # Of an id that is claimed twice the first partner counts, as in the mistake above.
        accounts = {account_id: partner for partner in reversed(partners) for account_id in partner.accounts}
        for partner in partners:
            yield from _unknown_payees(partner, accounts)
            yield from _unknown_grants(partner, accounts)
            yield from _unknown_brokers(partner, {each.id: each for each in partners})


def _claimed_twice(claims: Iterable[_Claim], report: _Report) -> Iterator[Mistake]:
    """Yield each claim that an earlier one already made."""
    first: dict[object, tuple[Partner, str]] = {}
    for claim, words, partner, key in claims:
        owner, owners_key = first.setdefault(claim, (partner, key))
        if (owner, owners_key) != (partner, key):
            where = f"{owners_key} of {owner.folder.name}"
            yield report(partner, key, f"{words} is already that of {where}", "keep it in one place")


def _account_ids(partners: Iterable[Partner]) -> Iterator[_Claim]:
    for partner in partners:
        for account_id in partner.accounts:
            yield account_id, f"the account id {account_id}", partner, f"accounts.{account_id}"


def _policies(partners: Iterable[Partner]) -> Iterator[_Claim]:
    for partner in partners:
        for account_id, account in partner.accounts.items():
            for number, policy in enumerate(account.policies, start=1):
                yield policy, f"the policy {policy}", partner, f"accounts.{account_id}.policies[{number}]"


def _interchange_ids(partners: Iterable[Partner]) -> Iterator[_Claim]:
    for partner in partners:
        identity = partner.profile.x12
        if identity.id != "*":
            yield (identity.qualifier, identity.id), f"{identity.qualifier}/{identity.id}", partner, "x12.id"
        for number, other in enumerate(identity.also_ids, start=1):
            words, key = f"{identity.qualifier}/{other}", f"x12.also_ids[{number}]"
            yield (identity.qualifier, other), words, partner, key


def _mailboxes(partners: Iterable[Partner]) -> Iterator[_Claim]:
    for partner in partners:
        sftp, folder = partner.profile.sftp, partner.profile.pick_up.folder.rstrip("/")
        if sftp is not None:
            yield (sftp.host, sftp.port, sftp.username, folder), "this mailbox", partner, "pick_up.folder"


def _unknown_payees(partner: Partner, accounts: Mapping[str, Partner]) -> Iterator[Mistake]:
    """Yield accounts that the partner may pay for and nobody has."""
    for number, account_id in enumerate(partner.profile.remittance.may_pay, start=1):
        if account_id != "*" and account_id not in accounts:
            key = f"remittance.may_pay[{number}]"
            yield in_profile(partner, key, f"there is no account {account_id}", closest(account_id, accounts))


def _unknown_grants(partner: Partner, accounts: Mapping[str, Partner]) -> Iterator[Mistake]:
    """Yield granted accounts that nobody has, and those whose sponsor has another broker of record (HN-03, HN-04)."""
    for number, account_id in enumerate(partner.profile.feeds.accounts, start=1):
        key = f"feeds.accounts[{number}]"
        owner = accounts.get(account_id)
        if owner is None:
            yield in_profile(partner, key, f"there is no account {account_id}", closest(account_id, accounts))
        elif partner.profile.role is PartnerRole.BROKER and owner.accounts[account_id].broker != partner.id:
            remedy = f'take it out, or write broker = "{partner.id}" in partners/{owner.id}/billing.toml'
            yield in_profile(partner, key, f"{partner.id} is not the broker of record of {account_id}", remedy)


def _unknown_brokers(partner: Partner, partners: Mapping[str, Partner]) -> Iterator[Mistake]:
    """Yield brokers of record that are no partner, or no broker."""
    brokers = [each.id for each in partners.values() if each.profile.role in {PartnerRole.BROKER, PartnerRole.TPA}]
    for account_id, account in partner.billing.accounts.items():
        if account.broker and account.broker not in brokers:
            key = f"accounts.{account_id}.broker"
            what = "is no broker" if account.broker in partners else "is no partner"
            yield in_billing(partner, key, f"`{account.broker}` {what}", closest(account.broker, brokers))

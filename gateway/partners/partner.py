"""A trading partner as configured, and the way from what an 834 says to the account that is billed."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.domain.identity import content_id
from gateway.errors import ConfigurationError
from gateway.partners.billing import AccountSettings, Billing
from gateway.partners.price_rows import PriceRow, Rate
from gateway.partners.profile import Profile, Sftp

INDIVIDUAL = "individual"
"""The entry of `[accounts]` that is the pattern for every account of an exchange, and no account itself."""

_DIRECT = re.compile(r"(?P<group>.+)-D[0-9a-z]{13}")
_HOST_KEY_TYPES = frozenset(
    {"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"}
)


@dataclass(frozen=True, slots=True)
class Partner:
    """One folder of `partners/`: profile, billing and rates as written there.

    `rates` are those of `rates.csv`; `other_rates` those of the files that single accounts name instead;
    `price_files` the rows of every file of factors, fees and contributions that is there.
    """

    profile: Profile
    billing: Billing
    rates: tuple[Rate, ...]
    folder: Path
    other_rates: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)
    price_files: Mapping[str, tuple[PriceRow, ...]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The partner's id."""
        return self.profile.id

    @property
    def accounts(self) -> dict[str, AccountSettings]:
        """The accounts that are configured one by one."""
        return {key: account for key, account in self.billing.accounts.items() if not self._is_pattern(key)}

    @property
    def individual(self) -> AccountSettings | None:
        """The pattern for the accounts of single subscribers, where the partner has such accounts."""
        return self.billing.accounts.get(INDIVIDUAL) if self.billing.individual_accounts else None

    def group_of(self, account_id: str) -> str:
        """Return the group account that a direct-billed member's account was made from, '' for any other account."""
        made = _DIRECT.fullmatch(account_id)
        is_direct = made is not None and account_id not in self.accounts and made["group"] in self.accounts
        return made["group"] if made is not None and is_direct else ""

    def rates_for(self, account: AccountSettings) -> tuple[Rate, ...]:
        """Return the rates of the file that the account names."""
        return self.other_rates.get(account.rates, self.rates)

    def price_rows(self, kind: str, file: str) -> tuple[PriceRow, ...]:
        """Return the rows of one of the partner's price files; `kind` is one of `KINDS`."""
        rows: tuple[PriceRow, ...] = self.price_files.get(file, ())
        if kind == "rates":
            rows = self.other_rates.get(file, self.rates)
        return rows

    def host_keys(self) -> tuple[str, ...]:
        """Return the pinned host keys as OpenSSH lines, from the profile and from its host key file.

        Raises ConfigurationError when the file is missing.
        """
        return read_host_keys(self.profile.sftp, self.folder) if self.profile.sftp else ()

    def _is_pattern(self, account_id: str) -> bool:
        return self.billing.individual_accounts and account_id == INDIVIDUAL


def direct_account_id(group_account_id: str, subscriber_id: str) -> str:
    """Return the id of the account of a group's member who pays for himself; it shows no number of the person."""
    return f"{group_account_id}-{content_id('D', group_account_id, subscriber_id)}"


def read_host_keys(sftp: Sftp, folder: Path) -> tuple[str, ...]:
    """Return the pinned host keys of a server; a relative host key file lies in the partner's `folder`."""
    lines = list(sftp.host_keys)
    if sftp.host_key_file:
        try:
            lines += (folder / sftp.host_key_file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(
                f"the host key file {sftp.host_key_file} cannot be read",
                hint="save the partner's public host key there: ssh-keyscan shows it, the partner confirms it",
            ) from None
    return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def is_host_key(line: str) -> bool:
    """Tell whether `line` is an OpenSSH public key of a kind we accept: type, base64, perhaps a comment."""
    kind, _, rest = line.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except binascii.Error:
        return False
    return kind in _HOST_KEY_TYPES and blob[4:].startswith(kind.encode())


def find_account(partners: Iterable[Partner], policy: str, sponsor_id: str, account: str) -> str | None:
    """Return the id of the account that an 834 means, or None.

    The way there: the policy (REF*38, REF*1L); else the sponsor's tax id (N104), where only one account has it; else
    the account number (ACT01), which also decides between accounts of the same tax id. The accounts of single
    subscribers are not found this way: they are made from the membership.
    """
    accounts = {key: settings for partner in partners for key, settings in partner.accounts.items()}
    by_policy = [key for key, settings in accounts.items() if policy and policy in settings.policies]
    if by_policy:
        return by_policy[0]
    by_sponsor = [key for key, settings in accounts.items() if sponsor_id and sponsor_id in settings.tax_ids]
    if len(by_sponsor) == 1:
        return by_sponsor[0]
    return account if account in (by_sponsor or accounts) else None

"""Reads `partners/` whole: every partner that can be used, and every mistake in every file at once."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from gateway.configuration.toml_file import check_model, read_toml
from gateway.domain.mistake import Mistake
from gateway.partners.billing import Billing
from gateway.partners.billing_rules import BILLING_RULES
from gateway.partners.crosscheck import crosscheck
from gateway.partners.partner import Partner, find_account
from gateway.partners.price_rows import KINDS, PriceRow, Rate
from gateway.partners.profile import Profile
from gateway.partners.profile_rules import PROFILE_RULES
from gateway.partners.rates import read_rates, read_rows
from gateway.partners.surroundings import BILLING_FILE, PROFILE_FILE, Surroundings

__all__ = [
    "ACCOUNT_SELECTIONS",
    "DATE_ALGORITHMS",
    "RATES_FILE",
    "STATUS_UPDATES",
    "Partner",
    "find_account",
    "load_partners",
]

RATES_FILE = "rates.csv"
DATE_ALGORITHMS = frozenset({"C1-INVRDTCIM", "C1-INVRDTCAL"})
"""The date algorithms of DOMAIN 3.2; a caller who knows the registry passes its names instead."""
ACCOUNT_SELECTIONS = frozenset({"C1-INVACTEL"})
STATUS_UPDATES = frozenset({"C1-INVRSTUP"})
"""The hooks of a customer class in DOMAIN 3.1; as above."""


def load_partners(
    home: Path,
    *,
    quirks: Collection[str] = (),
    date_algorithms: Collection[str] = DATE_ALGORITHMS,
    account_selections: Collection[str] = ACCOUNT_SELECTIONS,
    status_updates: Collection[str] = STATUS_UPDATES,
    eligibility_type: str = "INVRACTE",
    environ: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> tuple[dict[str, Partner], list[Mistake]]:
    """Return the partners of the home at `home` by id, and every mistake in their files, in order of file and key.

    They lie in `partners/`, or in `folder`. `quirks` are the names that profiles may use. A partner whose profile or
    billing does not fit its model is left out of the answer; one that breaks a rule is in it, so that the rest can be
    checked against it. Secrets are only looked for when the partner is active, and never shown.
    """
    calendars = {path.stem for path in (home / "mappings" / "calendars").glob("*.toml")}
    layouts = _layouts(home / "mappings" / "census")
    around = Surroundings(
        home,
        quirks=quirks,
        date_algorithms=date_algorithms,
        account_selections=account_selections,
        status_updates=status_updates,
        eligibility_type=eligibility_type,
        calendars=calendars,
        layouts=layouts,
        environ=environ,
    )
    partners: list[Partner] = []
    mistakes: list[Mistake] = []
    folders = _partner_folders(folder or home / "partners")
    for each in folders:
        partner, wrong = _load_partner(each)
        mistakes += wrong
        if partner is not None:
            partners.append(partner)
            mistakes += [wrong for rule in (*PROFILE_RULES, *BILLING_RULES) for wrong in rule(partner, around)]
    mistakes += crosscheck(partners, is_complete=len(partners) == len(folders))
    return {partner.id: partner for partner in partners}, sorted(mistakes)


def _layouts(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the layouts of census files by name, each with the formats that it says it is for.

    What else is in them is checked where they are compiled.
    """
    tables = {path.stem: read_toml(path, path.name)[0] for path in sorted(folder.glob("*.toml"))}
    return {name: tuple(map(str, table.get("formats", ()))) for name, table in tables.items()}


def _partner_folders(partners: Path) -> list[Path]:
    """Return the folders that are partners; hidden ones and those with a leading underscore are not."""
    if not partners.is_dir():
        return []
    return sorted(folder for folder in partners.iterdir() if folder.is_dir() and folder.name[0] not in "._")


def _load_partner(folder: Path) -> tuple[Partner | None, list[Mistake]]:
    """Return the partner of one folder, or None where its files do not fit; with every mistake in them."""
    name = f"partners/{folder.name}"
    data, mistakes = read_toml(folder / PROFILE_FILE, f"{name}/{PROFILE_FILE}")
    profile, wrong = check_model(Profile, data, f"{name}/{PROFILE_FILE}") if not mistakes else (None, [])
    mistakes += wrong
    billing, wrong = _load_billing(folder, f"{name}/{BILLING_FILE}")
    mistakes += wrong
    rates: dict[str, tuple[Rate, ...]] = {}
    wanted = {account.rates for account in billing.accounts.values()} if billing else set()
    for file in sorted({RATES_FILE, *wanted}):
        rates[file], wrong = read_rates(folder / file, f"{name}/{file}") if (folder / file).is_file() else ((), [])
        mistakes += wrong
    others, wrong = _load_price_files(folder, name, billing)
    mistakes += wrong
    if profile is None or billing is None:
        return None, mistakes
    return Partner(profile, billing, rates.pop(RATES_FILE), folder, rates, others), mistakes


def _load_price_files(
    folder: Path, name: str, billing: Billing | None
) -> tuple[dict[str, tuple[PriceRow, ...]], list[Mistake]]:
    """Return the rows of every file of factors, fees and contributions that an account names and that is there."""
    found: dict[str, tuple[PriceRow, ...]] = {}
    mistakes: list[Mistake] = []
    accounts = billing.accounts.values() if billing else ()
    for kind, model in KINDS.items():
        for file in sorted({getattr(account, kind) for account in accounts if kind != "rates"}):
            if (folder / file).is_file():
                found[file], wrong = read_rows(model, folder / file, f"{name}/{file}")
                mistakes += wrong
    return found, mistakes


def _load_billing(folder: Path, name: str) -> tuple[Billing | None, list[Mistake]]:
    """Return the billing of one folder; a partner that is not billed, such as a bank, needs no file."""
    if not (folder / BILLING_FILE).exists():
        return Billing(), []
    data, mistakes = read_toml(folder / BILLING_FILE, name)
    return check_model(Billing, data, name) if not mistakes else (None, mistakes)

"""New partners: a folder with a profile to fill in, or a copy of a partner that works alike (LESSONS 9, item 40)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from gateway.domain.parties import PartnerRole
from gateway.errors import ConfigurationError, NotFound
from gateway.partners.surroundings import BILLING_FILE, PROFILE_FILE

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{1,39}")
_BILLED = frozenset({PartnerRole.EMPLOYER, PartnerRole.EXCHANGE, PartnerRole.TPA})
_INTERCHANGE_ID_LENGTH = 15
_PROFILE = """\
# Every setting, its type, default and meaning: docs/partners.md. What is left out has its default.
id = "{id}"
name = "{name}"
role = "{role}"
status = "onboarding"             # active: polled and sent to; `gateway check` then asks for keys and a contact

# The partner's SFTP server, or its mailbox on ours (`gateway mailbox add {id}`).
# `gateway partner test {id}` shows the server's key: compare it with the partner by telephone, then pin it.
[sftp]
host = "{host}"
username = "{id}"
host_keys = []
private_key = {{ file = "secrets/gateway_ed25519" }}

# How the partner writes itself in ISA05 and ISA06.
[x12]
qualifier = "ZZ"
id = "{interchange_id}"
usage = "T"                       # test data first; then P

[contact]
name = ""
email = ""
"""
_BILLING = """\
# Who is billed, when and for what: docs/billing.md. One table per account, such as
#
# [accounts.G000001]
# name = "{name}"
# tax_ids = ["123456789"]
# policies = ["G000001"]
"""


@dataclass(frozen=True, slots=True)
class NewPartner:
    """What a partner is called: its folder, its name on paper, what it is to us, and where its server is."""

    id: str
    name: str
    role: PartnerRole = PartnerRole.EMPLOYER
    host: str = "sftp.example"


def make_partner(partners: Path, new: NewPartner) -> list[Path]:
    """Write the folder of a new partner below `partners` and return its files; nothing is overwritten.

    Raises ConfigurationError when the id cannot be one, or is taken.
    """
    folder = _new_folder(partners, new.id)
    words = {"id": new.id, "name": _toml_text(new.name), "role": new.role.value, "host": new.host}
    folder.mkdir(parents=True)
    files = {PROFILE_FILE: _PROFILE.format(**words, interchange_id=_interchange_id(new.id))}
    if new.role in _BILLED:
        files[BILLING_FILE] = _BILLING.format(name=_toml_text(new.name))
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def clone_partner(partners: Path, source: str, new: NewPartner) -> list[Path]:
    """Copy a partner's agreement under a new id and return the copy's files, comments included.

    What is the other partner's own is left out: its accounts and rates, its keys, its grants, its contact. The copy
    waits for its own (status `onboarding`). Raises NotFound for a source there is not, else as `make_partner`.
    """
    original = partners / source
    if not (original / PROFILE_FILE).is_file():
        raise NotFound(f"there is no partner {source!r}", hint=f"look into {partners}")
    folder = _new_folder(partners, new.id)
    profile = tomlkit.parse((original / PROFILE_FILE).read_text(encoding="utf-8"))
    profile.update({"id": new.id, "name": new.name, "role": new.role.value, "status": "onboarding"})
    _change(profile, "x12", {"id": _interchange_id(new.id)}, without=("also_ids",))
    _change(profile, "sftp", {"host": new.host, "username": new.id}, without=("host_keys", "host_key_file"))
    _change(profile, "protection", {}, without=("partner_keys",))
    _change(profile, "feeds", {}, without=("accounts",))
    _change(profile, "remittance", {}, without=("may_pay",))
    _change(profile, "contact", {"name": "", "email": "", "phone": ""})
    files = {PROFILE_FILE: tomlkit.dumps(profile)}
    if (original / BILLING_FILE).is_file():
        billing = tomlkit.parse((original / BILLING_FILE).read_text(encoding="utf-8"))
        billing.pop("accounts", None)
        files[BILLING_FILE] = _BILLING.format(name=_toml_text(new.name)) + "\n" + tomlkit.dumps(billing)
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def _change(
    profile: tomlkit.TOMLDocument, table: str, values: dict[str, object], without: Collection[str] = ()
) -> None:
    """Change a table of a profile where it has one."""
    section = profile.get(table)
    if section is not None:
        section.update(values)
        for key in without:
            section.pop(key, None)


def _new_folder(partners: Path, partner_id: str) -> Path:
    """Return the folder that a new partner's files go to."""
    if not _ID.fullmatch(partner_id):
        raise ConfigurationError(
            f"{partner_id!r} cannot be a partner's id", hint="2 to 40 small letters, digits, dashes and underscores"
        )
    if (partners / partner_id).exists():
        raise ConfigurationError(
            f"there is a partner {partner_id!r} already", hint="choose another id; nothing is overwritten"
        )
    return partners / partner_id


def _interchange_id(partner_id: str) -> str:
    """Return a first guess at how the partner writes itself in ISA06."""
    return partner_id.upper().replace("_", "-")[:_INTERCHANGE_ID_LENGTH]


def _toml_text(text: str) -> str:
    """Return a text as it may stand between quotes in TOML."""
    return text.replace("\\", "\\\\").replace('"', '\\"')

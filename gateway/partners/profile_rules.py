"""What a profile must agree on within itself; what only an active partner needs is asked of active partners only."""

from collections.abc import Iterator
from string import Formatter

from gateway.configuration.toml_file import closest
from gateway.domain.bank import LOCKBOX_COLUMNS
from gateway.domain.mistake import Mistake
from gateway.domain.parties import PartnerRole
from gateway.errors import ConfigurationError
from gateway.partners.partner import Partner, is_host_key, read_host_keys
from gateway.partners.profile import PartnerStatus, Profile, SecretReference
from gateway.partners.secrets import resolve_secret
from gateway.partners.surroundings import Rule, Surroundings, in_profile

_DAYS_OF_WEEK = 7
NAME_PARTS = frozenset({"name", "kind", "id", "control", "date", "time", "ext"})
"""What a template of file names may use; pipeline/outgoing.py fills it in."""


def _is_active(partner: Partner) -> bool:
    return partner.profile.status is PartnerStatus.ACTIVE


def folder_is_named_by_id(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """The folder's name is the partner's id."""
    if partner.folder.name != partner.id:
        remedy = f'write id = "{partner.folder.name}" or rename the folder to {partner.id}'
        yield in_profile(partner, "id", f"it differs from the folder's name, {partner.folder.name}", remedy)


def login_is_possible(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """An active partner's server knows us by key or password; a passphrase belongs to a key."""
    sftp = partner.profile.sftp
    if sftp is None:
        return
    if _is_active(partner) and sftp.private_key is None and sftp.password is None:
        remedy = 'write private_key = { file = "secrets/gateway_ed25519" } or password = { env = "NAME" }'
        yield in_profile(partner, "sftp", "an active partner needs a way to log in", remedy)
    if sftp.passphrase is not None and sftp.private_key is None:
        yield in_profile(partner, "sftp.passphrase", "there is no key that it opens", "write sftp.private_key too")


def secrets_are_found(partner: Partner, around: Surroundings) -> Iterator[Mistake]:
    """A reference names one place; for an active partner the secret is there."""
    for key, reference in references(partner.profile):
        is_one_place = bool(reference.env) != bool(reference.file)
        if is_one_place and not _is_active(partner):
            continue
        try:
            resolve_secret(reference, around.home, around.environ)
        except ConfigurationError as error:
            yield in_profile(partner, key, str(error), error.hint)


def references(profile: Profile) -> list[tuple[str, SecretReference]]:
    """Return the secret references of a profile with their dotted keys."""
    sftp, protection = profile.sftp, profile.protection
    named = {
        "sftp.private_key": sftp.private_key if sftp else None,
        "sftp.passphrase": sftp.passphrase if sftp else None,
        "sftp.password": sftp.password if sftp else None,
        "protection.our_key": protection.our_key,
        "protection.passphrase": protection.passphrase,
    }
    return [(key, reference) for key, reference in named.items() if reference is not None]


def protection_has_its_keys(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """What is to be decrypted, verified, encrypted or signed has the key for it, and key files are there."""
    agreed = partner.profile.protection
    needs_ours = {"encryption": agreed.encryption == "required", "sign": agreed.sign}
    needs_theirs = {"signature": agreed.signature == "required", "encrypt": agreed.encrypt}
    for key, is_needed in needs_ours.items():
        if is_needed and agreed.our_key is None:
            remedy = 'write protection.our_key = { file = "secrets/pgp.asc" }'
            yield in_profile(partner, f"protection.{key}", "it needs a private PGP key of ours", remedy)
    for key, is_needed in needs_theirs.items():
        if is_needed and not agreed.partner_keys:
            remedy = 'write protection.partner_keys = ["keys/pgp.asc"]'
            yield in_profile(partner, f"protection.{key}", "it needs a public PGP key of the partner's", remedy)
    for number, name in enumerate(agreed.partner_keys, start=1):
        if not (partner.folder / name).is_file():
            key, remedy = f"protection.partner_keys[{number}]", "save the partner's armoured public key there"
            yield in_profile(partner, key, f"there is no file {name} in the partner's folder", remedy)


def marker_names_a_file(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """A marker's name is made of the name of the file that it stands for, and is another."""
    marker = partner.profile.pick_up.marker
    is_made = marker.count("{name}") + marker.count("{stem}") == 1
    rest = marker.replace("{name}", "").replace("{stem}", "")
    if marker and (not is_made or not rest or set(rest) & set("{}/*?[")):
        remedy = "write {name} or {stem} once, with something before or after it, such as {name}.ok"
        yield in_profile(partner, "pick_up.marker", "it does not name one file beside another", remedy)


def host_key_is_pinned(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """Host keys are OpenSSH public keys; an active partner's server has at least one (DOMAIN 11, rule 4)."""
    sftp = partner.profile.sftp
    if sftp is None:
        return
    remedy = "write lines such as `ssh-ed25519 AAAA...`, without the host's name in front"
    for number, line in enumerate(sftp.host_keys, start=1):
        if not is_host_key(line):
            yield in_profile(partner, f"sftp.host_keys[{number}]", "this is no OpenSSH public key", remedy)
    if not _is_active(partner):
        return
    try:
        lines = read_host_keys(sftp, partner.folder)
    except ConfigurationError as error:
        yield in_profile(partner, "sftp.host_key_file", str(error), error.hint)
        return
    if not lines:
        pin = "pin it in sftp.host_keys or sftp.host_key_file: ssh-keyscan shows it, the partner confirms it"
        yield in_profile(partner, "sftp.host_keys", "an active partner's server needs a pinned host key", pin)
    elif not all(is_host_key(line) for line in lines[len(sftp.host_keys) :]):
        yield in_profile(partner, "sftp.host_key_file", "a line of it is no OpenSSH public key", remedy)


def folders_are_apart(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """What we put away or deliver never lies where we pick up, or we would fetch it as the partner's."""
    pick_up, delivery = partner.profile.pick_up, partner.profile.delivery
    folders = {"delivery.ack_folder": delivery.ack_folder, "delivery.feed_folder": delivery.feed_folder}
    if pick_up.after == "archive":
        folders["pick_up.archive_folder"] = pick_up.archive_folder
    for key, folder in folders.items():
        if folder.rstrip("/") == pick_up.folder.rstrip("/"):
            yield in_profile(partner, key, "it is the folder that we pick up from", "name another folder")


def quirks_are_known(partner: Partner, around: Surroundings) -> Iterator[Mistake]:
    """Every named quirk has its function."""
    for number, quirk in enumerate(partner.profile.enrollment.quirks, start=1):
        if quirk not in around.quirks:
            key = f"enrollment.quirks[{number}]"
            yield in_profile(partner, key, f"there is no quirk `{quirk}`", closest(quirk, around.quirks))


def census_can_be_read(partner: Partner, around: Surroundings) -> Iterator[Mistake]:
    """The layout of a census is there, for its format; what the profile says of its accounts is the partner's own."""
    census = partner.profile.census
    if census is None:
        return
    if census.layout not in around.layouts:
        remedy = closest(census.layout, around.layouts)
        yield in_profile(partner, "census.layout", f"there is no mappings/census/{census.layout}.toml", remedy)
    elif census.format not in around.layouts[census.layout]:
        remedy = f"choose one of its formats: {', '.join(around.layouts[census.layout])}"
        yield in_profile(partner, "census.format", f"the layout {census.layout} is for other files", remedy)
    accounts = partner.accounts.values()
    known = {
        "sponsor": (census.sponsor, {number for account in accounts for number in account.tax_ids}),
        "policy": (census.policy, {policy for account in accounts for policy in account.policies}),
        "account": (census.account, set(partner.accounts)),
    }
    for key, (said, ours) in known.items():
        if said and said not in ours and partner.individual is None:
            yield in_profile(partner, f"census.{key}", f"no account of the partner has it: {said}", closest(said, ours))


def only_a_bank_pays_for_all(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """`may_pay = ["*"]` is a bank's: anyone else pays for accounts that are named."""
    if "*" in partner.profile.remittance.may_pay and partner.profile.role is not PartnerRole.BANK:
        yield in_profile(partner, "remittance.may_pay", "only a bank may pay for every account", "name the accounts")


def deposits_come_from_a_bank(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """Lists of deposits are a bank's, whose word is money; the columns it names are those that we know."""
    cash = partner.profile.cash
    if cash is None:
        return
    if partner.profile.role is not PartnerRole.BANK:
        yield in_profile(partner, "cash", "only a bank sends lists of deposits", 'write role = "bank", or leave it out')
    if not partner.profile.remittance.confirms_cash:
        remedy = "write remittance.confirms_cash = true"
        yield in_profile(partner, "cash", "what this bank says is not taken as money", remedy)
    for name in cash.columns:
        if name not in LOCKBOX_COLUMNS:
            problem = f"a list of deposits has no column `{name}`"
            yield in_profile(partner, f"cash.columns.{name}", problem, closest(name, LOCKBOX_COLUMNS))


def expected_days_exist(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """A weekly file is due on day 1 (Monday) to 7."""
    for number, expected in enumerate(partner.profile.expects, start=1):
        if expected.every == "week" and expected.day > _DAYS_OF_WEEK:
            key = f"expects[{number}].day"
            yield in_profile(partner, key, f"a week has no day {expected.day}", "1 (Monday) to 7 (Sunday)")


def expected_calendars_exist(partner: Partner, around: Surroundings) -> Iterator[Mistake]:
    """The calendar of an expected file is there."""
    for number, expected in enumerate(partner.profile.expects, start=1):
        if expected.calendar and expected.calendar not in around.calendars:
            remedy = closest(expected.calendar, around.calendars)
            key = f"expects[{number}].calendar"
            yield in_profile(partner, key, f"there is no mappings/calendars/{expected.calendar}.toml", remedy)


def calendars_exist(partner: Partner, around: Surroundings) -> Iterator[Mistake]:
    """The calendars of the partner's schedules are there."""
    profile = partner.profile
    for key, name in {"pick_up.calendar": profile.pick_up.calendar, "feeds.calendar": profile.feeds.calendar}.items():
        if name and name not in around.calendars:
            remedy = closest(name, around.calendars)
            yield in_profile(partner, key, f"there is no mappings/calendars/{name}.toml", remedy)


def file_names_are_different(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """A template of file names is made of what there is, and gives every document a name of its own."""
    template = partner.profile.delivery.file_name
    try:
        used = {field for _, field, _, _ in Formatter().parse(template) if field is not None}
    except ValueError:
        used = {""}
    unknown = sorted(used - NAME_PARTS)
    if unknown or "/" in template:
        remedy = f"use {', '.join(f'{{{part}}}' for part in sorted(NAME_PARTS))}"
        yield in_profile(partner, "delivery.file_name", "it names what there is not, or a folder", remedy)
    elif template and not used & {"name", "id"}:
        remedy = "put {name} or {id} into it"
        yield in_profile(partner, "delivery.file_name", "two documents could get the same name", remedy)


def agreement_has_days(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """An agreement ends after it began."""
    x12 = partner.profile.x12
    if x12.valid_from and x12.valid_until and x12.valid_until < x12.valid_from:
        yield in_profile(
            partner, "x12.valid_until", "it is before x12.valid_from", "write the last day of the agreement"
        )


def someone_can_be_called(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """An active partner has a contact: 824 and statements name it (FEATURES HN-16)."""
    contact = partner.profile.contact
    if _is_active(partner) and not (contact.name and (contact.email or contact.phone)):
        remedy = "write contact.name, and contact.email or contact.phone"
        yield in_profile(partner, "contact", "an active partner needs someone to call", remedy)


PROFILE_RULES: tuple[Rule, ...] = (
    folder_is_named_by_id,
    login_is_possible,
    secrets_are_found,
    host_key_is_pinned,
    protection_has_its_keys,
    marker_names_a_file,
    folders_are_apart,
    quirks_are_known,
    census_can_be_read,
    only_a_bank_pays_for_all,
    deposits_come_from_a_bank,
    expected_days_exist,
    expected_calendars_exist,
    calendars_exist,
    file_names_are_different,
    agreement_has_days,
    someone_can_be_called,
)

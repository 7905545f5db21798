"""The guide that a partner is handed: what to send, where, what comes back, and every code with what to do (IA-09).

Made from the profile and from the tables that the program itself works by, so that it cannot say anything else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.parties import PartnerRole
from gateway.domain.remedy import REMEDIES
from gateway.partners.profile import Expectation, Profile
from gateway.settings import Identity
from gateway.x12.acknowledge_code import MEANINGS

_SETS = {
    PartnerRole.EMPLOYER: (("834", "005010X220A1", "who is covered"), ("820", "005010X218", "what a payment pays")),
    PartnerRole.TPA: (("834", "005010X220A1", "who is covered"), ("820", "005010X218", "what a payment pays")),
    PartnerRole.BROKER: (("834", "005010X220A1", "who is covered"),),
    PartnerRole.EXCHANGE: (
        ("834", "005010X220A1", "who is covered"),
        ("820", "005010X306", "what you pay, and for whom"),
    ),
    PartnerRole.BANK: (("820", "005010X218", "money that arrived, and what was said of it"),),
}
_CODES = {
    "TA105": ("TA1: the interchange", "In TA105 of a TA1."),
    "AK905": ("999 and 997: the functional group", "In AK905 of a 999 or 997."),
    "IK502": ("999 and 997: the transaction set", "In IK502 of a 999, AK502 of a 997."),
    "IK304": ("999 and 997: a segment", "In IK304 of a 999, AK304 of a 997."),
    "IK403": ("999 and 997: an element", "In IK403 of a 999, AK403 of a 997."),
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MEGABYTE = 1_000_000
_WE_LOOK = "Nothing is to be sent again: we look at it, ask you where need be, and tell the end in another 824."
_FOR_PARTNERS = {
    "UNKNOWN_SPONSOR": "Send the sponsor's tax id (N1*P5) or the policy (REF*38, REF*1L) as agreed, or ask us to add "
    "the account; then send the set again.",
    "OLD_FILE": _WE_LOOK,
    "MASS_TERM_GUARD": _WE_LOOK,
    "QUARANTINED": _WE_LOOK,
}
"""Where what would be right is done by us, other words than those our own people read."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its sentences and tables."""

    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """The whole guide, to be rendered as HTML or PDF."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]


def partner_guide(profile: Profile, us: Identity, fingerprints: Sequence[str], on: date) -> Guide:
    """Return the guide for a partner as agreed on a day; `fingerprints` are those of the server's pinned keys."""
    return Guide(
        f"EDI guide for {profile.name}",
        f"{us.name}, {on:%d %B %Y}",
        (
            _contacts(profile, us),
            _connection(profile, fingerprints),
            _what_to_send(profile, us),
            _when_to_send(profile),
            _what_comes_back(profile, us),
            *_codes(),
        ),
    )


def _contacts(profile: Profile, us: Identity) -> Section:
    """Return who talks to whom."""
    ours = (us.contact_name or us.name, us.contact_phone, us.contact_email)
    theirs = (profile.contact.name, profile.contact.phone, profile.contact.email)
    rows = (("We", *ours), ("You, as we know it", *theirs))
    return Section("Whom to call", tables=(Table(("", "name", "telephone", "mail"), rows),))


def _connection(profile: Profile, fingerprints: Sequence[str]) -> Section:
    """Return where files are exchanged, and how they are protected."""
    sftp, pick_up, delivery, protection = profile.sftp, profile.pick_up, profile.delivery, profile.protection
    rows = []
    if sftp is not None:
        rows += [("server", f"{sftp.host}, port {sftp.port} (SFTP)"), ("our login", sftp.username)]
        rows += [("host key", fingerprint) for fingerprint in fingerprints]
    rows += [("you put files into", pick_up.folder), ("you find acknowledgements in", delivery.ack_folder)]
    rows.append(("you find invoices and reports in", delivery.feed_folder))
    if pick_up.after == "archive":
        rows.append(("we move what we took to", pick_up.archive_folder))
    rows.append(("largest file", f"{pick_up.max_bytes // _MEGABYTE:,} MB"))
    text = [
        "Upload under a name that we leave alone (" + ", ".join(pick_up.ignore) + "), then rename. We never take a "
        "file before two looks have seen it unchanged, nor an X12 file without its IEA.",
        "We write under a temporary name too, and rename when the file is whole. We overwrite nothing.",
        "Tell us before you change the server's host key: we refuse one that we do not know, and never try again by "
        "ourselves.",
    ]
    if pick_up.marker:
        text.append(f"Put the file {pick_up.marker} beside each finished file: without it we do not take the file.")
    if protection.encryption == "required" or protection.signature == "required":
        text.append(_demanded(profile))
    if protection.pack != "none" or protection.encrypt or protection.sign:
        steps = [f"packed with {protection.pack}"] * (protection.pack != "none")
        steps += ["signed with our PGP key"] * protection.sign + ["encrypted for your PGP key"] * protection.encrypt
        text.append(f"What we send is {', then '.join(steps)}.")
    return Section("Where files are exchanged", tuple(text), (Table(("what", "where"), tuple(rows)),))


def _demanded(profile: Profile) -> str:
    """Return what protection the agreement asks of the partner's files."""
    protection = profile.protection
    wanted = ["encrypted for our PGP key"] * (protection.encryption == "required")
    wanted += ["signed with yours"] * (protection.signature == "required")
    return f"Every file must be {' and '.join(wanted)}; anything else is refused unread."


def _what_to_send(profile: Profile, us: Identity) -> Section:
    """Return the sets, the envelope, and how often the same may come."""
    x12 = profile.x12
    sets = Table(("set", "guide", "says"), _SETS[profile.role])
    usage = {"P": "P", "T": "T (test data)", "both": "P or T"}[x12.usage]
    envelope = (
        ("ISA05 and ISA06", f"{x12.qualifier} and {', '.join((x12.id, *x12.also_ids))}"),
        ("ISA07 and ISA08", f"{us.qualifier} and {' or '.join(x12.our_ids or (us.id,))}"),
        ("ISA13", f"nine digits, never used again within {x12.duplicate_window_days} days"),
        ("ISA14", "1 where you want a TA1"),
        ("ISA15", usage),
    )
    text = [
        {
            "reject": "The same file twice does nothing twice. Other data under a known ISA13 is rejected (TA1 025).",
            "ignore": "The same file twice does nothing twice. Data under a known ISA13 is acknowledged and ignored.",
            "apply": "The same file twice does nothing twice. Data under a known ISA13 is taken, with a warning.",
        }[x12.duplicates]
    ]
    enrollment = profile.enrollment
    if enrollment.full_file:
        text.append(
            "Your 834 lists everyone who is covered: who is absent ends. A file that would end more than "
            f"{enrollment.mass_termination_percent} % of your members waits until we have asked you."
        )
    if profile.census is not None:
        patterns = ", ".join(profile.census.files)
        text.append(
            f"Files named {patterns} are read as {profile.census.format} by the layout {profile.census.layout}."
        )
    if profile.watch.control_numbers == "gapless":
        text.append("You number your interchanges to us without gaps: we ask for a number that never came.")
    return Section("What you send", tuple(text), (sets, Table(("element", "value"), envelope)))


def _when_to_send(profile: Profile) -> Section:
    """Return when we look, and what we expect when."""
    pick_up = profile.pick_up
    often = f"by the timetable {pick_up.cron}" if pick_up.cron else f"every {pick_up.every_seconds} seconds"
    text = (f"We look {often} ({pick_up.time_zone}). Files are taken in the order of their time.",)
    rows = tuple((each.what, each.set_type, _due(each, pick_up.time_zone), _grace(each)) for each in profile.expects)
    tables = (Table(("file", "set", "due", "missed after"), rows),) if rows else ()
    return Section("When we look, and what we expect", text, tables)


def _due(expected: Expectation, time_zone: str) -> str:
    """Return when a file is due, in words."""
    day = {
        "day": "every day",
        "week": f"every {_WEEKDAYS[(expected.day - 1) % 7]}",
        "month": f"on day {expected.day} of the month",
    }[expected.every]
    by = f" by {expected.by} {time_zone}" if expected.by else ""
    return day + by + (f", next working day ({expected.calendar})" if expected.calendar else "")


def _grace(expected: Expectation) -> str:
    """Return the days of grace in words."""
    kind = "working day" if expected.calendar else "day"
    return f"{expected.grace_days} {kind}{'' if expected.grace_days == 1 else 's'}"


def _what_comes_back(profile: Profile, us: Identity) -> Section:
    """Return what the partner gets, when, and what it should answer."""
    rows = tuple(_answers(profile))
    text = [
        "Acknowledgements are written last, from what was really done, and within the hour.",
        (profile.delivery.file_name and f"Our files are named {profile.delivery.file_name}.")
        or f"Our files are named KIND_{us.id}_{profile.id}_NUMBER_TIME.EXTENSION; names hold no personal data.",
    ]
    hours = profile.watch.ack_within_hours
    if hours and profile.x12.report_824 != "never":
        text.append(f"Answer an 824 of ours by a 999 within {hours} hours. A TA1, 999 or 997 is never answered.")
    return Section("What comes back", tuple(text), (Table(("document", "when", "where"), rows),))


def _answers(profile: Profile) -> Iterator[tuple[str, str, str]]:
    """Yield each kind of document that the partner gets."""
    x12, acks, feeds = profile.x12, profile.delivery.ack_folder, profile.delivery.feed_folder
    ta1 = {"requested": "when ISA14 asks for it", "always": "for every interchange", "errors": "about errors only"}
    yield "TA1", f"{ta1[x12.ta1]}; a rejection always", acks
    groups = {"auto": "999 (HIPAA sets), 997 (others)", "999": "999", "997": "997"}
    yield groups[x12.group_ack], "one for every functional group", acks
    reports = {"errors": "when members or a set have errors", "always": "for every set"}
    if x12.report_824 in reports:
        yield "824", f"{reports[x12.report_824]}; the codes are below", acks
    if profile.census is not None:
        yield "CSV of refused rows", "when rows of a census file were refused", acks
    if profile.enrollment.discrepancy_report:
        yield "CSV of discrepancies", "for a full file that compares (BGN08 = 4)", feeds
    if profile.enrollment.effectuation:
        yield "834", "confirms what was enrolled", feeds
    for name in profile.feeds.formats:
        when = f"by the timetable {profile.feeds.cron}" if profile.feeds.cron else "as soon as an invoice is issued"
        yield f"invoice as {name.upper()}", when, feeds


def _codes() -> Iterator[Section]:
    """Yield every code that an acknowledgement of ours may hold."""
    rows = tuple((code, _FOR_PARTNERS.get(code, remedy)) for code, remedy in REMEDIES.items())
    yield Section(
        "824: what we could not apply, and what would be right",
        ("In RED06 of an 824, with a sentence in NTE. The rest of the set was applied where OTI01 says TP or TE.",),
        (Table(("code", "what would be right"), rows),),
    )
    for kind, (title, where) in _CODES.items():
        yield Section(title, (where,), (Table(("code", "means"), tuple(MEANINGS[kind].items())),))

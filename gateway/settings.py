"""The settings of one gateway home: `gateway.toml`, overridden by the environment, over the defaults below.

Every field is documented in docs/settings.md (a test compares them). The environment names a key as
`GATEWAY_<SECTION>__<KEY>`, a top-level key as `GATEWAY_<KEY>`; `GATEWAY_CLOCK` is short for `GATEWAY_CLOCK__INSTANT`.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field

from gateway.configuration.fields import BankRouting, Cron, Instant, InterchangeId, Qualifier, SeverityTable, TimeZone
from gateway.configuration.toml_file import Section, check_model, closest, describe_type, read_toml
from gateway.domain.mistake import Mistake
from gateway.errors import ConfigurationError

SETTINGS_FILE = "gateway.toml"
ENVIRONMENT = "environment"
_WHOLE_NUMBER = re.compile(r"[+-]?\d+")
_DATABASE_FORMS = "sqlite:///FILE (relative to the home) or postgresql://USER@HOST/DATABASE"


def _known_database(url: str) -> str:
    """Return `url` when it has the form of a database we can open; raises ValueError with problem and remedy."""
    parts = urlsplit(url)
    engine = parts.scheme.partition("+")[0]
    is_sqlite = engine == "sqlite" and not parts.netloc and len(parts.path) > 1
    is_postgresql = engine == "postgresql" and len(parts.path) > 1
    if not is_sqlite and not is_postgresql:
        raise ValueError(f"this is no database URL that we know; write {_DATABASE_FORMS}")
    return url


class Identity(Section):
    """[identity]: who we are on the wire and on paper."""

    qualifier: Qualifier = "ZZ"  # our ISA05 and ISA07
    id: InterchangeId = ""  # our ISA06 and ISA08
    name: str = ""  # N1*IN, N1*PE
    tax_id: str = ""  # N104 under N103 = FI
    contact_name: str = ""  # PER of an 824 and of statements
    contact_phone: str = ""
    contact_email: str = ""


class Limits(Section):
    """[limits]: what is larger is refused with a reason, so that no file can take the machine down."""

    file_bytes: int = Field(default=2_000_000_000, ge=1)
    segment_bytes: int = Field(default=4_194_304, ge=106)  # an ISA alone has 106
    findings_per_set: int = Field(default=1_000, ge=1)


class Work(Section):
    """[work]: how many jobs run at a time, and how often a failed one is tried again."""

    threads: int = Field(default=2, ge=1, le=64)
    bill_processes: int = Field(default=0, ge=0, le=64)  # of one bill run on PostgreSQL; 0: one for each processor
    connections_per_host: int = Field(default=4, ge=1)  # of this process, over all partners whose server it is
    tries_before_quarantine: int = Field(default=3, ge=1)
    tries_on_the_wire: int = Field(default=12, ge=1)
    first_pause_seconds: int = Field(default=30, ge=0)
    longest_pause_seconds: int = Field(default=14_400, ge=1)
    refused_login_pause_seconds: int = Field(default=21_600, ge=1)


class StatementTexts(Section):
    """[statement]: what a bill tells its reader besides its figures (IA-37), in plain words."""

    how_to_pay: str = "Pay by the due date and quote the bill's number, in an 820 as RMR*IK."
    how_to_dispute: str = "Write to us, name the bill and the line; what you do not dispute stays due."
    grace: str = "Cover goes on for 31 days after the due date; what is unpaid then may end it."


class Archive(Section):
    """[archive]: how kept bytes lie on the disk."""

    key_file: str = ""  # keys, one a line, the present one first; relative to the home; empty: in clear


class Logging(Section):
    """[logging]: what is written to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    as_json: bool = False


class Timetable(Section):
    """[timetable]: when the daemon bills and looks for what did not come; polls are in the partners' profiles."""

    bill_cron: Cron = "30 2 * * *"  # five fields, in `time_zone`
    collect_cron: Cron = "0 6 * * *"
    watch_cron: Cron = "15 * * * *"
    sweep_cron: Cron = "40 * * * *"
    time_zone: TimeZone = "UTC"


class InvoiceRequests(Section):
    """[invoice_requests]: the feature configuration C1-INVREQ."""

    eligibility_characteristic: str = Field(default="INVRACTE", min_length=1)  # Invoice Request Eligibility Char Type


class MoneySettings(Section):
    """[money]: what people may do with money that has no place, alone and by two (DOMAIN 8.8)."""

    second_person_above: Decimal = Field(default=Decimal("10000.00"), ge=0, decimal_places=2)  # to apply or move
    refund_second_person_above: Decimal = Field(default=Decimal("1000.00"), ge=0, decimal_places=2)
    refund_age_days: int = Field(default=10, ge=0)  # after the deposit
    refund_minimum: Decimal = Field(default=Decimal("5.00"), ge=0, decimal_places=2)


class Payout(Section):
    """[payout]: us at the bank that pays refunds; without `bank_routing` every refund is paid by hand."""

    bank_partner: str = "bank"  # below outbound/: whose payout files these are
    bank_routing: BankRouting = ""
    bank_name: str = ""
    company_id: str = Field(default="", max_length=10)  # as the bank knows us, commonly 1 and the EIN
    company_name: str = ""  # empty: identity.name


class Clock(Section):
    """[clock]: stand-still time for tests, demos and reruns; both empty: the machine's clock."""

    instant: Instant | None = None
    business_date: date | None = None  # the batch business date (DOMAIN 3.3); empty: the instant's date


class Settings(Section):
    """The whole of `gateway.toml`."""

    database_url: Annotated[str, AfterValidator(_known_database)] = Field(default="sqlite:///gateway.db", repr=False)
    identity: Identity = Identity()
    limits: Limits = Limits()
    work: Work = Work()
    statement: StatementTexts = StatementTexts()
    archive: Archive = Archive()
    logging: Logging = Logging()
    timetable: Timetable = Timetable()
    invoice_requests: InvoiceRequests = InvoiceRequests()
    severities: SeverityTable = Field(default_factory=dict)
    money: MoneySettings = MoneySettings()
    payout: Payout = Payout()
    clock: Clock = Clock()

    def database_url_in(self, home: Path) -> str:
        """Return the database URL with a relative SQLite file taken from `home`."""
        scheme, _, path = self.database_url.partition(":///")
        if not scheme.startswith("sqlite"):
            return self.database_url
        return f"{scheme}:///{home.resolve() / path}"


@dataclass(frozen=True, slots=True)
class Home:
    """The places of a gateway home."""

    path: Path

    @property
    def settings_file(self) -> Path:
        """`gateway.toml`."""
        return self.path / SETTINGS_FILE

    @property
    def mappings(self) -> Path:
        """Guides, maps, census layouts and calendars."""
        return self.path / "mappings"

    @property
    def partners(self) -> Path:
        """One folder per trading partner."""
        return self.path / "partners"

    @property
    def inbound(self) -> Path:
        """The bytes we received."""
        return self.path / "inbound"

    @property
    def outbound(self) -> Path:
        """The bytes we sent."""
        return self.path / "outbound"

    @property
    def secrets(self) -> Path:
        """Private keys and passwords, readable for us only; never in version control."""
        return self.path / "secrets"


def find_home(option: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the gateway home: `option`, else `GATEWAY_HOME`, else the nearest folder upwards with a gateway.toml.

    Raises ConfigurationError when there is none, or when the named one has no gateway.toml.
    """
    hint = "`gateway init DIR` makes a home; name one with --home DIR or GATEWAY_HOME"
    named = option or (Path(environ["GATEWAY_HOME"]) if environ.get("GATEWAY_HOME") else None)
    if named is not None:
        if not (named / SETTINGS_FILE).is_file():
            raise ConfigurationError(f"{named} is no gateway home: it has no {SETTINGS_FILE}", hint=hint)
        return named.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise ConfigurationError(f"no {SETTINGS_FILE} here or in any folder above", hint=hint)


def packaged_home() -> Path:
    """Return the example home that comes with the program: in the installed package, or the root of a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_home"
    return installed if installed.is_dir() else package.parent


def packaged_mappings() -> Path:
    """Return the mappings that come with the program."""
    return packaged_home() / "mappings"


def packaged_partners() -> Path:
    """Return the sample partners that come with the program."""
    return packaged_home() / "partners"


def load_settings(home: Path, environ: Mapping[str, str] = os.environ) -> tuple[Settings, list[Mistake]]:
    """Return the settings of the home at `home` with every mistake in them.

    A section with a mistake comes back with its defaults, so that the rest can still be used to report.
    """
    data, mistakes = read_toml(home / SETTINGS_FILE, SETTINGS_FILE)
    mistakes += _password_in_file(data)
    overridden, unknown = _overlay(data, environ)
    settings, wrong = check_model(Settings, data, SETTINGS_FILE)
    if settings is None:
        bad = {mistake.key.split(".")[0] for mistake in wrong}
        settings, _ = check_model(Settings, {key: data[key] for key in data if key not in bad}, SETTINGS_FILE)
    mistakes += unknown + [
        Mistake(ENVIRONMENT, overridden[each.key], each.problem, each.remedy) if each.key in overridden else each
        for each in wrong
    ]
    settings = settings or Settings()
    if not any(mistake.key.startswith("identity") for mistake in wrong):
        mistakes += _unnamed(settings.identity)
    return settings, mistakes


def _unnamed(identity: Identity) -> list[Mistake]:
    """Return what nobody can exchange X12 without."""
    return [
        Mistake(SETTINGS_FILE, f"identity.{key}", "it is missing", f"write it: {meaning}")
        for key, meaning in {"id": "our ISA06, up to 15 characters", "name": "our name as partners know it"}.items()
        if not getattr(identity, key)
    ]


def _password_in_file(data: Mapping[str, Any]) -> list[Mistake]:
    """Return the mistake of a password in the file's database URL: secrets are only ever referred to."""
    url = data.get("database_url")
    if not isinstance(url, str) or "@" not in url or ":" not in url.partition("://")[2].rpartition("@")[0]:
        return []
    remedy = "take it out and set PGPASSFILE, or give the whole URL as GATEWAY_DATABASE_URL"
    return [Mistake(SETTINGS_FILE, "database_url", "it holds a password", remedy)]


def _overlay(data: dict[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, str], list[Mistake]]:
    """Put what the environment says over `data`; return the dotted keys with their variable, and unknown variables."""
    known = {variable_for(key): key for key in setting_keys()} | {"GATEWAY_CLOCK": "clock.instant"}
    overridden: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for variable, text in sorted(environ.items()):
        if not variable.startswith("GATEWAY_"):
            continue
        key = known.get(variable)
        if key is not None:
            *section, name = key.split(".")
            table = data.setdefault(section[0], {}) if section else data
            if isinstance(table, dict):
                table[name] = _typed(text, setting_keys()[key])
                overridden[key] = variable
        elif "__" in variable:
            mistakes.append(Mistake(ENVIRONMENT, variable, "there is no such setting", closest(variable, known)))
    return overridden, mistakes


def setting_keys() -> dict[str, object]:
    """Return every setting as dotted key with its type."""
    keys: dict[str, object] = {}
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            keys |= {f"{name}.{key}": inner.annotation for key, inner in section.model_fields.items()}
        else:
            keys[name] = section
    return keys


def variable_for(key: str) -> str:
    """Return the environment variable of a dotted key: `work.threads` is GATEWAY_WORK__THREADS."""
    return f"GATEWAY_{key.replace('.', '__').upper()}"


def _typed(text: str, annotation: object) -> object:
    """Return an environment text as the number or truth value it stands for, where the setting is one."""
    kind = describe_type(annotation)
    if kind == "whole number" and _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if kind == "true or false" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return text

"""What a check yields: events in the order of the file, and the settings that shape them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.domain.exchange import AckCode, FunctionalGroup, Interchange, TransactionSet
from gateway.domain.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a check. Findings over the limit are counted, not kept; a longer segment is skipped with a finding."""

    findings_per_set: int = 1000
    segment_bytes: int = 4 << 20


@dataclass(frozen=True, slots=True)
class Severities:
    """How heavy a rule weighs, by its name (`check_rules.RULES`) or by a finding's code.

    A key may be bound to one set type: `834/DATE_ORDER` goes before `DATE_ORDER`. None switches the rule off. What
    is not named keeps the severity that the rule itself has.
    """

    of: Mapping[str, Severity | None] = field(default_factory=dict)

    def get(self, set_type: str, name: str, default: Severity) -> Severity | None:
        """Return the severity of `name` in sets of `set_type`, or None when it is off."""
        return self.of.get(f"{set_type}/{name}", self.of.get(name, default))


@dataclass(frozen=True, slots=True)
class InterchangeOpened:
    """An ISA was read; what is wrong with it comes with `InterchangeClosed`."""

    interchange: Interchange


@dataclass(frozen=True, slots=True)
class GroupOpened:
    """A GS was read."""

    group: FunctionalGroup


@dataclass(frozen=True, slots=True)
class SetChecked:
    """A transaction set was read to its end, or to where it breaks off.

    `findings` are sorted by position; `findings_left_out` counts those over the limit. `business` names what
    duplicates are known by: `("BGN02", ...)` for an 834, `("TRN02", ...)` for an 820.
    """

    set: TransactionSet
    ack: AckCode
    findings: tuple[Finding, ...] = ()
    findings_left_out: int = 0
    business: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GroupClosed:
    """A GE was read, or is missing. `included` is GE01, `received` the sets counted, `accepted` those not refused."""

    ack: AckCode
    included: int
    received: int
    accepted: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class InterchangeClosed:
    """An IEA was read, or is missing. `ta1_code` and `ta1_note` are TA104 and TA105 (DOMAIN 7.2)."""

    ta1_code: AckCode
    ta1_note: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class FileFindings:
    """What is wrong outside of interchanges: `FILE:NOT_X12`, `FILE:BOM`, `FILE:GARBAGE` or `FILE:TRAILING_DATA`."""

    findings: tuple[Finding, ...]


CheckEvent: TypeAlias = InterchangeOpened | GroupOpened | SetChecked | GroupClosed | InterchangeClosed | FileFindings

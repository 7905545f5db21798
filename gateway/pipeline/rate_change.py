"""Price files that two people change: one loads, everybody looks, another approves or rejects (HF-24).

Until it is approved a change has no effect on any bill. The files in `partners/` are the tables to begin with.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date

from gateway.billing.effective import splice
from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.domain.mistake import Mistake
from gateway.domain.rate_change import ChangeState, RateChange
from gateway.errors import NotAllowed
from gateway.logs import get_logger
from gateway.partners.partner import Partner
from gateway.partners.price_rows import KINDS, PriceRow
from gateway.partners.rates import kind_of, parse_rows, write_rows
from gateway.pipeline.plant import Plant
from gateway.pipeline.prices import PriceTable, table_in_force
from gateway.pipeline.rate_preview import RatePreview, accounts_priced_by, preview_change
from gateway.ports.unit_of_work import UnitOfWork

_STATION = "rates"


@dataclass(frozen=True, slots=True)
class Staged:
    """What came of a load: the change that waits, or None with the mistakes of the file, or where nothing differs.

    `is_new` is False when the same file was loaded before and still waits.
    """

    change: RateChange | None
    is_new: bool = False
    mistakes: tuple[Mistake, ...] = ()
    replaced: str = ""  # the change that it took the place of


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision about a change; `is_new` is False when it had been made before, and nothing was done."""

    change: RateChange
    is_new: bool


def stage(
    plant: Plant, partner_id: str, content: bytes, *, name: str, by: str, table: str = "", is_retro: bool = False
) -> Staged:
    """Load a price file so that another person can approve it; nothing is billed with it.

    `name` is what the file is called, `table` the table it is to become where its name does not say so. Unless it
    `is_retro` it takes effect on the first month that none of the table's accounts is billed for, so that no issued
    bill is corrected. Loading the same file again changes nothing; another file takes the place of one that waits.
    Raises NotFound, and NotAllowed when it cannot be told which table is meant.
    """
    partner = plant.partner(partner_id)
    kind, file = _target(partner, content, name, table)
    rows, mistakes = parse_rows(KINDS[kind], content, name)
    if not rows and not mistakes:
        mistakes = [Mistake(name, "", "the file has no row", "write one row per price; a price ends by its ends_on")]
    if mistakes:
        return Staged(None, mistakes=tuple(sorted(mistakes)))
    with plant.open_unit() as unit:
        before = table_in_force(unit, partner, kind, file)
        mistakes = _clashing_names(unit, partner, kind, file, rows)
        if mistakes:
            return Staged(None, mistakes=tuple(mistakes))
        takes_effect_on = None
        if not is_retro:
            begin = min(row.starts_on for row in (*before.rows, *rows))
            takes_effect_on = first_open_day(unit, partner, kind, file) or begin
        result = write_rows(KINDS[kind], splice(before.rows, rows, takes_effect_on))
        if result == _canonical(before):
            return Staged(None)
        change = RateChange(
            id="",
            partner_id=partner_id,
            kind=kind,
            file=file,
            content=write_rows(KINDS[kind], rows),
            result=result,
            based_on=digest_of(before),
            takes_effect_on=takes_effect_on,
            staged_by=by,
            staged_at=plant.clock.now(),
        )
        staged = _write_down(plant, unit, change)
        unit.commit()
    return staged


def preview(plant: Plant, change_id: str) -> RatePreview:
    """Return what a change does to its table and, as dry run, to what is due; nothing is written. Raises NotFound."""
    with plant.open_unit() as unit:
        return preview_change(plant, unit, unit.rate_changes.get(change_id))


def approve(plant: Plant, change_id: str, *, by: str, despite_doubts: bool = False) -> Decided:
    """Have a change billed with from now on. Approving it again changes nothing.

    Raises NotFound, and NotAllowed when `by` loaded it, when it was decided otherwise, when its table or what is
    billed moved on since it was loaded, and when the dry run has doubts and the approver does not say that they are
    meant.
    """
    with plant.open_unit() as unit:
        change = unit.rate_changes.get(change_id)
        if change.state is ChangeState.APPROVED:
            return Decided(change, is_new=False)
        _refuse_unless_approvable(plant, unit, change, by)
    doubts = preview(plant, change_id).doubts  # in a transaction of its own: it may take long, an approval must not
    if doubts and not despite_doubts:
        more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
        hint = f"`gateway rates diff {change_id}` shows all; reject it, or approve it with --despite-doubts"
        raise NotAllowed(f"rate change {change_id} looks wrong: {doubts[0].message}{more}", hint=hint)
    with plant.open_unit() as unit:
        _refuse_unless_approvable(plant, unit, unit.rate_changes.get(change_id), by)
        last = unit.rate_changes.in_force(change.partner_id, change.file)
        numbered = replace(change, number=1 + (last.number or 0 if last else 0))
        reason = f"despite {len(doubts)} doubt{'' if len(doubts) == 1 else 's'}" if doubts else ""
        decided = _decide(plant, unit, numbered, ChangeState.APPROVED, by=by, reason=reason)
        unit.commit()
    return Decided(decided, is_new=True)


def reject(plant: Plant, change_id: str, *, by: str, reason: str) -> Decided:
    """End a change without effect; who loaded it may do so too. Rejecting it again changes nothing.

    Raises NotFound, and NotAllowed when it was decided otherwise.
    """
    with plant.open_unit() as unit:
        change = unit.rate_changes.get(change_id)
        if change.state is ChangeState.REJECTED:
            return Decided(change, is_new=False)
        _refuse_unless_staged(change)
        decided = _decide(plant, unit, change, ChangeState.REJECTED, by=by, reason=reason)
        unit.commit()
    return Decided(decided, is_new=True)


def changes_of(plant: Plant, partner_id: str = "") -> list[RateChange]:
    """Return the changes of a partner's tables, or of all, the last loaded first; raises NotFound."""
    if partner_id:
        plant.partner(partner_id)
    with plant.open_unit() as unit:
        return unit.rate_changes.changes_of(partner_id)


def table_text(plant: Plant, partner_id: str, file: str) -> str:
    """Return a table as it is billed with now, as a price file to go on from. Raises NotFound, NotAllowed."""
    partner = plant.partner(partner_id)
    with plant.open_unit() as unit:
        change = unit.rate_changes.in_force(partner_id, file)
        if change is not None:
            return change.result
        for kind in KINDS:
            table = table_in_force(unit, partner, kind, file)
            if table.rows and file in _tables(partner, kind):
                return _canonical(table)
    tables = sorted({each for kind in KINDS for each in _tables(partner, kind)})
    raise NotAllowed(f"{partner_id} has no price in {file}", hint=f"its tables: {', '.join(tables) or 'none'}")


def digest_of(table: PriceTable) -> str:
    """Return the hash of what a table says, however its file is written."""
    return hashlib.sha256(_canonical(table).encode()).hexdigest()


def first_open_day(unit: UnitOfWork, partner: Partner, kind: str, file: str) -> date | None:
    """Return the first day of the first month that no account of a table is billed for; None where none ever was."""
    through = unit.rate_changes.billed_through(partner.id)
    accounts = accounts_priced_by(unit, partner, kind, file)
    billed = [through[account.id] for account in accounts if account.id in through]
    return max(billed).next().first_day if billed else None


def _canonical(table: PriceTable) -> str:
    """Return a table with every last day that follows from a later row written out, in order."""
    return write_rows(KINDS[table.kind], splice((), table.rows, None))


def _tables(partner: Partner, kind: str) -> set[str]:
    """Return the names of a partner's tables of a kind: what its accounts name."""
    return {getattr(account, kind) for account in partner.billing.accounts.values()}


def _target(partner: Partner, content: bytes, name: str, table: str) -> tuple[str, str]:
    """Return kind and name of the table that a file is for: the one asked for, else of its name, else of its columns.

    A file that is none by its columns is read as rates, so that its mistakes are told.
    """
    wanted = table or name
    named = [kind for kind in KINDS if wanted in _tables(partner, kind)]
    if named:
        return named[0], wanted
    kind = kind_of(content) or "rates"
    tables = sorted(_tables(partner, kind))
    if table or len(tables) != 1:
        known = ", ".join(tables) or "none: no account is configured"
        hint = f"say --table NAME; tables of {kind}: {known}"
        raise NotAllowed(f"no account of {partner.id} is priced by {wanted}", hint=hint)
    return kind, tables[0]


def _clashing_names(
    unit: UnitOfWork, partner: Partner, kind: str, file: str, rows: tuple[PriceRow, ...]
) -> list[Mistake]:
    """Return the fees that have the name of a plan or product of an account, which would make one line of two."""
    if kind not in {"rates", "fees"}:
        return []
    names = {row.key[0] for row in rows}
    taken: set[str] = set(partner.billing.products) if kind == "fees" else set()
    other = "rates" if kind == "fees" else "fees"
    for account in partner.billing.accounts.values():
        if getattr(account, kind) == file:
            taken |= {row.key[0] for row in table_in_force(unit, partner, other, getattr(account, other)).rows}
    return [
        Mistake(file, "", f"`{name}` is the name of a plan and of a fee", "give one of them another name")
        for name in sorted(names & taken)
    ]


def _write_down(plant: Plant, unit: UnitOfWork, change: RateChange) -> Staged:
    """Add a change unless the same one waits; one that waits and is another is replaced."""
    waiting = unit.rate_changes.staged(change.partner_id, change.file)
    if waiting is not None:
        if (waiting.content, waiting.based_on, waiting.takes_effect_on) == (
            change.content,
            change.based_on,
            change.takes_effect_on,
        ):
            return Staged(waiting)
        _decide(
            plant,
            unit,
            waiting,
            ChangeState.REPLACED,
            by=change.staged_by,
            reason="another file was loaded in its place",
        )
    earlier = len(unit.rate_changes.changes_of(change.partner_id, change.file))
    hashed = hashlib.sha256(change.content.encode()).hexdigest()
    change = replace(change, id=content_id("P", change.partner_id, change.file, earlier, hashed, change.based_on))
    if not unit.rate_changes.add(change):
        hint = "`gateway rates list` shows what waits"
        raise NotAllowed(f"somebody else loaded {change.file} of {change.partner_id} in the same moment", hint=hint)
    _log(plant, unit, change, f"loaded by {change.staged_by}", change.id)
    return Staged(change, is_new=True, replaced=waiting.id if waiting else "")


def _refuse_unless_staged(change: RateChange) -> None:
    """Raise NotAllowed for a change that does not wait for a decision any more."""
    if change.state is not ChangeState.STAGED:
        by = f" by {change.decided_by}" if change.decided_by else ""
        raise NotAllowed(
            f"rate change {change.id} was {change.state}{by}: {change.reason or 'no reason was given'}",
            hint="load the file again to have it decided anew",
        )


def _refuse_unless_approvable(plant: Plant, unit: UnitOfWork, change: RateChange, by: str) -> None:
    """Raise NotAllowed for who loaded the change, and when it no longer does what was looked at."""
    _refuse_unless_staged(change)
    if change.staged_by.casefold().split() == by.casefold().split():
        raise NotAllowed(f"{by} loaded rate change {change.id}", hint="another person must approve it")
    partner = plant.partner(change.partner_id)
    hint = "load the file again and look at it again"
    if digest_of(table_in_force(unit, partner, change.kind, change.file)) != change.based_on:
        raise NotAllowed(f"{change.file} is no longer the table that rate change {change.id} was made for", hint=hint)
    if change.takes_effect_on is None:
        return
    open_day = first_open_day(unit, partner, change.kind, change.file)
    if open_day is not None and open_day > change.takes_effect_on:
        raise NotAllowed(f"months from {change.takes_effect_on} on were billed since {change.id} was loaded", hint=hint)


def _decide(
    plant: Plant, unit: UnitOfWork, change: RateChange, state: ChangeState, *, by: str, reason: str
) -> RateChange:
    """Write a decision and its line in the log; raises NotAllowed when somebody else was quicker."""
    decided = replace(change, state=state, decided_by=by, decided_at=plant.clock.now(), reason=reason)
    if not unit.rate_changes.decide(decided):
        hint = "`gateway rates list` shows who decided what"
        raise NotAllowed(f"somebody else decided about rate change {change.id} in the same moment", hint=hint)
    _log(plant, unit, decided, f"{state} by {by}{f': {reason}' if reason else ''}", change.id, state)
    return decided


def _log(plant: Plant, unit: UnitOfWork, change: RateChange, what: str, *key: str) -> None:
    """Write a line into the transaction log and one into the program's."""
    text = f"{change.file} of {change.partner_id}: rate change {change.id} {what}"
    unit.record(LogEvent(content_id("E", _STATION, *key), plant.clock.now(), _STATION, "", change.id, text))
    get_logger(partner=change.partner_id, rate_change=change.id).info("rate change", state=change.state.value)

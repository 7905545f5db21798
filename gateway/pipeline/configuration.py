"""Changes that a command makes to a `billing.toml`: held against every rule first, then put in place whole."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from gateway.domain.mistake import Mistake
from gateway.errors import ConfigurationError
from gateway.partners.loader import load_partners
from gateway.partners.partner import Partner
from gateway.partners.surroundings import BILLING_FILE
from gateway.pipeline.plant import Plant
from gateway.transactions.quirks import QUIRKS


def rewrite_billing(plant: Plant, partner_id: str, change: Callable[[str], str]) -> bool:
    """Put what `change` makes of a partner's `billing.toml` in its place; False when it makes no difference.

    A change that would break any rule of any partner is refused with every mistake (ConfigurationError), and the file
    stays as it was. What runs already keeps what it read when it started.
    """
    partner = plant.partner(partner_id)
    file = partner.folder / BILLING_FILE
    before = file.read_text(encoding="utf-8")
    after = change(before)
    if after == before:
        return False
    broken = _mistakes_after(plant, partner, after)
    if broken:
        raise ConfigurationError(
            "\n".join(["the change was not made, for it would be a mistake:", *(f"  {each}" for each in broken)]),
            hint=f"partners/{partner.folder.name}/{BILLING_FILE} is as it was",
        )
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=partner.folder, delete=False) as stream:
        stream.write(after)
        stream.flush()
        os.fsync(stream.fileno())
    new = Path(stream.name)
    new.chmod(file.stat().st_mode)
    new.replace(file)
    return True


def _mistakes_after(plant: Plant, partner: Partner, billing: str) -> list[Mistake]:
    """Return the mistakes that a home with this billing would have, and has not now."""
    home = partner.folder.parent.parent
    with tempfile.TemporaryDirectory(prefix="gateway-change-") as scratch:
        there = Path(scratch)
        for name in ("mappings", "secrets"):
            (there / name).symlink_to(home / name)
        changed = there / "partners" / partner.folder.name
        changed.mkdir(parents=True)
        for other in partner.folder.parent.iterdir():
            if other != partner.folder:
                (there / "partners" / other.name).symlink_to(other)
        for file in partner.folder.iterdir():
            if file.name != BILLING_FILE:
                (changed / file.name).symlink_to(file)
        (changed / BILLING_FILE).write_text(billing, encoding="utf-8")
        known = set(_mistakes(plant, home))
        return [each for each in _mistakes(plant, there) if each not in known]


def _mistakes(plant: Plant, home: Path) -> list[Mistake]:
    """Return every mistake in the partners of a home."""
    return load_partners(
        home,
        quirks=QUIRKS,
        date_algorithms=plant.algorithms,
        account_selections=plant.hooks.account_selection,
        status_updates=plant.hooks.status_update,
        eligibility_type=plant.settings.invoice_requests.eligibility_characteristic,
    )[1]

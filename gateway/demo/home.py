"""The demo's own home: the sample partners, made active, with the keys of the simulated server."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from gateway.demo.server import SimulatedPartnersServer, UserLogin, make_key, public_line
from gateway.settings import Home, packaged_mappings, packaged_partners

_SETTINGS = """\
# The home that `gateway demo` made. Delete the folder to begin anew.
database_url = "sqlite:///gateway.db"

[identity]
qualifier = "ZZ"
id = "EXAMPLEHEALTH"
name = "Example Health Plan"
tax_id = "987654321"
contact_name = "EDI support"
contact_phone = "5555550199"

[logging]
level = "warning"
"""
_PASSWORD = "open-sesame-elm"  # noqa: S105 - of a simulated partner on the loopback, made up for the demo
WITHOUT_KEY = "elm"  # logs in by password, all others by key
_KEY = "gateway_ed25519"


def make_home(folder: Path) -> Home:
    """Make the demo's home in `folder`, or return the one that an earlier run left there."""
    home = Home(folder.resolve())
    if not home.settings_file.exists():
        for part in (home.inbound, home.outbound, home.secrets):
            part.mkdir(parents=True, exist_ok=True)
        home.secrets.chmod(0o700)
        shutil.copytree(packaged_mappings(), home.mappings, dirs_exist_ok=True)
        shutil.copytree(packaged_partners(), home.partners, dirs_exist_ok=True)
        make_key(home.secrets / _KEY)
        (home.secrets / "elm_password").write_text(_PASSWORD)
        home.settings_file.write_text(_SETTINGS)
    return home


def partner_ids(home: Home) -> list[str]:
    """Return the ids of the simulated partners."""
    return sorted(path.parent.name for path in home.partners.glob("*/profile.toml"))


def make_server(home: Home) -> SimulatedPartnersServer:
    """Return the simulated partners' server, not yet started; its host key stays the same over runs."""
    key = public_line(home.secrets / _KEY)
    users: Mapping[str, UserLogin] = {
        partner_id: UserLogin(password=_PASSWORD) if partner_id == WITHOUT_KEY else UserLogin(public_keys=(key,))
        for partner_id in partner_ids(home)
    }
    return SimulatedPartnersServer(
        home.path / "simulated-partners", users, host_key_file=home.secrets / "server_host_key"
    )


def point_partners_at(home: Home, server: SimulatedPartnersServer) -> None:
    """Make the sample partners active, at the port the server took, and pin its host key."""
    for partner_id in partner_ids(home):
        folder = home.partners / partner_id
        profile = folder / "profile.toml"
        text = re.sub(r"(?m)^port = \d+", f"port = {server.port}", profile.read_text())
        profile.write_text(re.sub(r'(?m)^status = "\w+"', 'status = "active"', text))
        (folder / "keys").mkdir(exist_ok=True)
        (folder / "keys" / "host_key.pub").write_text(server.host_key_line + "\n")

"""A home with the sample partners, to be changed in one place and loaded."""

import base64
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.domain.mistake import Mistake
from gateway.partners.loader import Partner, load_partners
from gateway.transactions.quirks import QUIRKS

ROOT = Path(__file__).parents[3]
KIND = b"ssh-ed25519"
HOST_KEY = "ssh-ed25519 " + base64.b64encode(len(KIND).to_bytes(4, "big") + KIND + bytes(36)).decode()


@dataclass(frozen=True)
class SampleHome:
    path: Path

    def change(self, file: str, old: str, new: str) -> None:
        """Replace the first `old` in a file of `partners/`; the text must be there."""
        target = self.path / "partners" / file
        text = target.read_text()
        assert old in text
        target.write_text(text.replace(old, new, 1))

    def add(self, file: str, text: str) -> None:
        target = self.path / "partners" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a") as stream:
            stream.write(text)

    def activate(self, partner_id: str) -> None:
        """Make a sample partner active, with its host key and its secret in place."""
        self.change(f"{partner_id}/profile.toml", 'status = "onboarding"', 'status = "active"')
        self.add(f"{partner_id}/keys/host_key.pub", HOST_KEY + "\n")
        (self.path / "secrets").mkdir(exist_ok=True)
        (self.path / "secrets" / "gateway_ed25519").write_text("the planted secret\n")

    def load(self, **options) -> tuple[dict[str, Partner], list[Mistake]]:
        return load_partners(self.path, **{"environ": {}, "quirks": QUIRKS, **options})

    def mistakes(self, **options) -> list[tuple[str, str, str, str]]:
        """Return the mistakes as (file below partners/, key, problem, remedy)."""
        return [
            (each.file.removeprefix("partners/"), each.key, each.problem, each.remedy)
            for each in self.load(**options)[1]
        ]


@pytest.fixture
def home(tmp_path: Path) -> SampleHome:
    shutil.copytree(ROOT / "partners", tmp_path / "partners")
    (tmp_path / "mappings" / "calendars").mkdir(parents=True)
    (tmp_path / "mappings" / "calendars" / "us-federal.toml").write_text("[holidays]\n")
    return SampleHome(tmp_path)

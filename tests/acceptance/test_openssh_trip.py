"""The whole trip against a real OpenSSH server: pick-up, acknowledgement, bill, feed, each once."""

import json
import shutil
from datetime import UTC, date, datetime

import pytest

from gateway.bootstrap import open_app
from gateway.demo.scenario import sample
from gateway.errors import HostKeyRefused
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings, packaged_partners
from tests.acceptance.openssh import openssh_server  # noqa: F401

SETTINGS = """
[identity]
id = "EXAMPLEHEALTH"
name = "Example Health Plan"
"""


@pytest.fixture
def mailbox(openssh_server, request):  # noqa: F811
    root = openssh_server.make_folder(f"partner-{abs(hash(request.node.name))}")
    for name in ("outbox", "inbox"):
        openssh_server.make_folder(f"{root.name}/{name}")
    return root


@pytest.fixture
def app(openssh_server, mailbox, tmp_path):  # noqa: F811
    home = Home(tmp_path / "home")
    home.secrets.mkdir(parents=True)
    shutil.copytree(packaged_mappings(), home.mappings)
    shutil.copytree(packaged_partners() / "acme", home.partners / "acme")
    home.settings_file.write_text(SETTINGS)
    (home.secrets / "gateway_ed25519").write_text(openssh_server.private_key)
    billing = home.partners / "acme" / "billing.toml"
    billing.write_text(billing.read_text().replace('broker = "cedar"', ""))
    profile = home.partners / "acme" / "profile.toml"
    text = profile.read_text().replace("port = 2022", f"port = {openssh_server.port}")
    text = text.replace('username = "acme"', f'username = "{openssh_server.user}"')
    text = text.replace('status = "onboarding"', 'status = "active"')
    text = text.replace('folder = "/outbox"', f'folder = "{mailbox}/outbox"')
    text = text.replace('"/outbox/processed"', f'"{mailbox}/outbox/processed"')
    text += f'\n[delivery]\nack_folder = "{mailbox}/inbox"\nfeed_folder = "{mailbox}/inbox"\n'
    profile.write_text(text)
    (profile.parent / "keys").mkdir(exist_ok=True)
    (profile.parent / "keys" / "host_key.pub").write_text(openssh_server.host_key_line)
    app = open_app(home, FixedClock(datetime(2025, 10, 23, 9, tzinfo=UTC)))
    app.upgrade()
    return app


def drop(mailbox, name, content):
    path = mailbox / "outbox" / name
    path.write_bytes(content)
    path.chmod(0o666)


def test_a_file_is_picked_up_at_the_second_equal_sighting_and_put_away(app, mailbox):
    drop(mailbox, "october.834", sample("acme_enroll.834"))
    assert [] == app.poll("acme").received
    (file_id,) = app.poll("acme").received
    assert not (mailbox / "outbox" / "october.834").exists()
    assert sample("acme_enroll.834") == (mailbox / "outbox" / "processed" / "october.834").read_bytes()
    assert "received" == app.file(file_id).state


def test_acknowledgements_and_feeds_lie_in_the_partners_folder_and_nothing_comes_twice(app, mailbox):
    drop(mailbox, "october.834", sample("acme_enroll.834"))
    for _ in range(2):
        app.poll("acme")
    app.runner().drain()
    app.bill(date(2025, 10, 23))
    app.runner().drain()
    delivered = sorted(path.name.split("_")[0] for path in (mailbox / "inbox").iterdir())
    assert ["999", "TA1", "invoice", "invoice"] == delivered
    feed = json.loads(next((mailbox / "inbox").glob("*.json")).read_text())
    assert "3310.00" == feed["summary"]["total"]
    drop(mailbox, "october-again.834", sample("acme_enroll.834"))
    for _ in range(2):
        app.poll("acme")
    app.bill(date(2025, 10, 23))
    app.runner().drain()
    assert 4 == len(list((mailbox / "inbox").iterdir()))


def test_a_server_with_another_host_key_is_refused_and_becomes_an_incident(app, mailbox):
    drop(mailbox, "october.834", sample("acme_enroll.834"))
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ6dN1XnV8Jm6g8tqJcYbZJ0yV1n8nYVYwJ6jv0q5yY"
    (app.home.partners / "acme" / "keys" / "host_key.pub").write_text(other)
    for _ in range(2):  # one incident, however often it is tried
        with pytest.raises(HostKeyRefused):
            app.poll("acme")
    (incident,) = app.queries.summary().incidents
    assert ("host_key_refused", "acme") == (incident.kind, incident.partner_id)

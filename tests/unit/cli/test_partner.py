"""Taking a partner on: made or cloned, tried, planned, applied at once, and handed its guide (LESSONS 9)."""

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import cli
from gateway.cli.home import make_home
from gateway.demo.server import SimulatedPartnersServer, UserLogin, make_key, public_line
from gateway.domain.remedy import REMEDIES
from gateway.errors import ConfigurationError, GatewayError, NotAllowed, NotFound
from gateway.partners.loader import load_partners
from gateway.partners.plan import applied, applied_folder, changes
from gateway.x12.acknowledge_code import MEANINGS


@pytest.fixture
def home(tmp_path) -> Path:
    make_home(tmp_path / "home")
    return tmp_path / "home"


def run(home: Path, *words: str | Path) -> Result:
    env = {"GATEWAY_HOME": None, "GATEWAY_CLOCK": None}
    result = CliRunner().invoke(cli, ["--home", str(home), *map(str, words)], env=env)
    if isinstance(result.exception, GatewayError):
        raise result.exception
    return result


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def profile(home: Path, partner_id: str):
    return load_partners(home)[0][partner_id].profile


# --- made and cloned


@pytest.mark.parametrize("role", ["employer", "broker", "tpa", "exchange", "bank"])
def test_a_new_partner_passes_the_check_and_is_not_active(home, role):
    run(home, "partner", "new", "oak", "--name", 'OAK "FURNITURE"', "--role", role, "--host", "sftp.oak.example")
    assert 0 == run(home, "check").exit_code
    made = profile(home, "oak")
    assert ('OAK "FURNITURE"', role, "onboarding", "OAK") == (made.name, made.role, made.status, made.x12.id)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["new", "birch"], ConfigurationError),
        (["new", "../oak"], ConfigurationError),
        (["new", "Oak"], ConfigurationError),
        (["clone", "birch", "birch"], ConfigurationError),
        (["clone", "nobody", "oak"], NotFound),
        (["test", "nobody"], NotFound),
        (["guide", "nobody"], NotFound),
    ],
)
def test_nothing_is_overwritten_and_nobody_is_made_up(home, words, error):
    before = sorted(home.rglob("*"))
    with pytest.raises(error):
        run(home, "partner", *words)
    assert before == sorted(home.rglob("*"))


def test_a_clone_has_the_agreement_and_nothing_of_the_others_own(home):
    change(home / "partners/birch/profile.toml", "[feeds]", '[feeds]\naccounts = ["G009999"]')
    run(home, "partner", "clone", "birch", "oak", "--name", "OAK", "--host", "sftp.oak.example")
    change(home / "partners/birch/profile.toml", 'accounts = ["G009999"]\n', "")
    assert 0 == run(home, "check").exit_code, run(home, "check").output
    birch, oak = profile(home, "birch"), profile(home, "oak")
    assert birch.enrollment == oak.enrollment
    assert birch.expects == oak.expects
    assert ("OAK", "oak", "sftp.oak.example") == (oak.x12.id, oak.sftp.username, oak.sftp.host)
    assert ("", (), "") == (oak.contact.name, oak.feeds.accounts, oak.sftp.host_key_file)
    assert {} == load_partners(home)[0]["oak"].accounts
    assert "# who is not in the file" in (home / "partners/oak/profile.toml").read_text()


# --- tried


@pytest.fixture
def server(home, tmp_path):
    """Birch's server, which knows the key of the home."""
    make_key(home / "secrets" / "gateway_ed25519")
    users = {"birch": UserLogin(public_keys=(public_line(home / "secrets" / "gateway_ed25519"),))}
    with SimulatedPartnersServer(tmp_path / "server", users) as running:
        for name in ("outbox", "inbox"):
            (tmp_path / "server" / "birch" / name).mkdir()
        change(home / "partners/birch/profile.toml", "port = 2022", f"port = {running.port}")
        yield running


def pin(home: Path, line: str) -> None:
    (home / "partners/birch/keys").mkdir(exist_ok=True)
    (home / "partners/birch/keys/host_key.pub").write_text(line + "\n")


def fingerprint(line: str) -> str:
    shown = subprocess.run(["ssh-keygen", "-lf", "-"], input=line, capture_output=True, text=True, check=True).stdout
    return re.search(r"SHA256:\S+", shown)[0]


def test_before_anything_is_pinned_the_servers_key_is_shown_and_no_login_tried(home, server):
    shown = run(home, "partner", "test", "birch")
    assert 1 == shown.exit_code
    assert f"{fingerprint(server.host_key_line)}  NOT PINNED" in shown.output
    assert server.host_key_line in shown.output
    assert "login        not tried" in shown.output


def test_a_pinned_server_that_lets_us_in_is_tried_folder_by_folder(home, server, tmp_path):
    pin(home, server.host_key_line)
    shown = run(home, "partner", "test", "birch", "--write")
    assert 0 == shown.exit_code, shown.output
    assert f"{fingerprint(server.host_key_line)}  pinned" in shown.output
    assert "login        accepted" in shown.output
    assert "can be listed and written" in shown.output
    assert [] == list((tmp_path / "server/birch/inbox").iterdir())


@pytest.mark.parametrize(
    ("does", "says"),
    [
        (lambda home, server, root: (root / "inbox").rmdir(), "has no folder /inbox"),
        (lambda home, server, root: server.stop(), "does not answer"),
        (lambda home, server, root: make_key(home / "secrets/gateway_ed25519"), "login        refused"),
        (lambda home, server, root: (home / "secrets/gateway_ed25519").unlink(), "no secret file"),
    ],
    ids=["a folder is missing", "it is down", "it does not know our key", "we have no key"],
)
def test_what_stands_in_the_way_is_named_and_exits_1(home, server, tmp_path, does, says):
    pin(home, server.host_key_line)
    does(home, server, tmp_path / "server" / "birch")
    shown = run(home, "partner", "test", "birch")
    assert 1 == shown.exit_code
    assert says in shown.output


# --- planned and applied


def test_until_something_is_applied_the_files_count(home):
    assert "nothing was ever applied" in run(home, "partner", "diff").output
    assert applied_folder(home) is None


def test_applied_versions_count_and_what_changed_since_is_shown_setting_by_setting(home):
    run(home, "partner", "apply", "--by", "EDI desk")
    change(home / "partners/birch/profile.toml", "every_seconds = 300", "every_seconds = 600")
    change(home / "partners/birch/rates.csv", ",EMP,", ",ESP,")
    (home / "partners/birch/keys").mkdir()
    (home / "partners/birch/keys/host_key.pub").write_text("ssh-ed25519 AAAA\n")
    shown = run(home, "partner", "diff").output
    assert "birch/profile.toml pick_up.every_seconds: 300 -> 600" in shown
    assert shown.count("birch/rates.csv") == 2
    assert "birch/keys/host_key.pub: - -> " in shown
    assert "applied by EDI desk" in shown
    assert "0 change(s) to apply" in run(home, "partner", "diff", "acme").output
    counting = load_partners(home, folder=applied_folder(home))[0]["birch"]
    assert 300 == counting.profile.pick_up.every_seconds


def test_an_apply_is_all_at_once_logged_with_its_author_and_repeated_changes_nothing(home):
    run(home, "partner", "apply", "--by", "EDI desk")
    first = applied(home)
    assert "counts already" in run(home, "partner", "apply", "--by", "somebody else").output
    assert first == applied(home)
    change(home / "partners/birch/profile.toml", "every_seconds = 300", "every_seconds = 600")
    shown = run(home, "partner", "apply", "--by", "EDI desk").output
    assert "birch/profile.toml pick_up.every_seconds: 300 -> 600" in shown
    assert first.version != applied(home).version
    assert [] == changes(applied_folder(home), home / "partners")


def test_a_mistake_anywhere_leaves_the_applied_version_as_it_is(home):
    run(home, "partner", "apply", "--by", "EDI desk")
    first = applied(home)
    change(home / "partners/birch/profile.toml", "every_seconds = 300", "every_seconds = 0")
    with pytest.raises(ConfigurationError, match=r"pick_up.every_seconds"):
        run(home, "partner", "apply", "--by", "EDI desk")
    assert first == applied(home)
    assert 0 == run(home, "log").exit_code  # the daemon's own way in still works


# --- control numbers


def test_control_numbers_go_on_where_the_system_before_us_ended(home):
    assert "000004712" in run(home, "partner", "seed", "birch", "--last", "4711", "--by", "EDI desk").output
    with pytest.raises(NotAllowed, match="stand at 000004711"):
        run(home, "partner", "seed", "birch", "--last", "99", "--by", "EDI desk")
    for wrong in ("0", "1000000000"):
        with pytest.raises(NotAllowed, match="1 to 999999999"):
            run(home, "partner", "seed", "birch", "--last", wrong, "--by", "EDI desk")


# --- the guide


def test_the_guide_names_every_error_code_that_we_may_send(home):
    """IA-09: the partner guide is made from the code tables themselves."""
    page = run(home, "partner", "guide", "birch").output
    codes = [*REMEDIES, *(code for kind in ("TA105", "AK905", "IK502", "IK304", "IK403") for code in MEANINGS[kind])]
    assert [] == [code for code in codes if f"<td>{code}</td>" not in page]


def test_the_guide_says_what_the_profile_says(home):
    change(home / "partners/birch/profile.toml", 'after = "archive"', 'after = "archive"\nmarker = "{name}.ok"')
    change(home / "partners/birch/profile.toml", "grace_days = 2", 'grace_days = 2\nby = "17:00"')
    page = run(home, "partner", "guide", "birch").output
    for words in ("BIRCH LOGISTICS", "/outbox", "{name}.ok", "on day 20 of the month by 17:00 UTC", "30 %", "JSON"):
        assert words in page, words
    assert "`" not in page  # words for our own people


def test_what_a_partner_is_called_is_never_markup(home):
    change(home / "partners/birch/profile.toml", "BIRCH LOGISTICS", "BIRCH <script>alert(1)</script> & CO")
    page = run(home, "partner", "guide", "birch").output
    assert "<script>" not in page
    assert 0 == run(home, "partner", "guide", "birch", "--pdf", home / "guide.pdf").exit_code


def test_the_pdf_is_a_pdf_of_numbered_pages_and_the_same_guide_gives_the_same_bytes(home):
    for name in ("a.pdf", "b.pdf"):
        words = ["--as-of", "2026-11-21", "partner", "guide", "birch", "--pdf", home / name]
        assert 0 == run(home, *words).exit_code
    first, second = (home / "a.pdf").read_bytes(), (home / "b.pdf").read_bytes()
    assert first.startswith(b"%PDF-")
    assert first == second

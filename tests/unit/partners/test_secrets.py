"""Secrets are found where the profile says, and never shown."""

import pytest

from gateway.errors import ConfigurationError
from gateway.partners.profile import SecretReference
from gateway.partners.secrets import resolve_secret

PLANTED = "correct horse battery staple"


def test_a_secret_comes_from_the_environment(tmp_path):
    assert PLANTED == resolve_secret(SecretReference(env="PASSWORD"), tmp_path, {"PASSWORD": PLANTED})


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file_of_the_home_without_its_last_line_break(tmp_path, ending):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/password").write_bytes((PLANTED + ending).encode())
    assert PLANTED == resolve_secret(SecretReference(file="secrets/password"), tmp_path, {})


def test_a_secret_file_may_lie_outside_the_home(tmp_path):
    (tmp_path / "elsewhere").write_text(PLANTED)
    assert PLANTED == resolve_secret(SecretReference(file=str(tmp_path / "elsewhere")), tmp_path / "home", {})


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (SecretReference(), "a secret's reference names neither or both of env and file"),
        (SecretReference(env="A", file="b"), "a secret's reference names neither or both of env and file"),
        (SecretReference(env="ABSENT"), "the environment variable ABSENT is not set"),
        (SecretReference(env="EMPTY"), "the environment variable EMPTY is not set"),
        (SecretReference(file="absent"), "there is no secret file absent"),
        (SecretReference(file="empty"), "the secret file empty is empty"),
        (SecretReference(file="binary"), "the secret file binary cannot be read as text"),
    ],
)
def test_what_is_not_found_is_named_with_a_hint(tmp_path, reference, message):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe" + PLANTED.encode())
    with pytest.raises(ConfigurationError) as caught:
        resolve_secret(reference, tmp_path, {"EMPTY": "", "OTHER": PLANTED})
    assert message == str(caught.value)
    assert caught.value.hint
    assert PLANTED not in repr(caught.value)

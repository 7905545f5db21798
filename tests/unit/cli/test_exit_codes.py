"""How a command ends: 1 where something was refused, 2 for usage and configuration, 3 where our work failed."""

import pytest

from gateway import cli
from gateway.errors import ConfigurationError, HomeInUse, InvariantBroken, NotAllowed, NotFound, StoreUnavailable


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotAllowed("another person must decide"), 1),
        (ConfigurationError(), 2),
        (HomeInUse(), 2),
        (NotFound(), 2),
        (StoreUnavailable(), 3),
        (InvariantBroken(), 3),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_of_ours_ends_the_process_with_its_code(monkeypatch, capsys, error, code):
    def fail(**_):
        raise error

    monkeypatch.setattr(cli.cli, "main", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert code == ended.value.code
    assert f"error: {error}" in capsys.readouterr().err

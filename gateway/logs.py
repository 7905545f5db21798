"""Structured logs on stderr, with a context bound once and everything personal kept out.

DESIGN, decision 14: ids, counts, codes and positions only. Two nets hold it: a key that may carry a person
(`PERSONAL_KEYS`) never passes, and values that look like an SSN, or exception texts, are masked.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

PERSONAL_KEYS = frozenset(
    {
        "name", "first_name", "last_name", "middle_name", "full_name", "person", "member", "subscriber",
        "ssn", "tax_id", "birth_date", "dob", "address", "street", "city", "postal_code", "phone", "email",
        "account_number", "bank_account", "routing_number", "value", "content", "password", "secret", "key",
    }
)  # fmt: skip
MASK = "[withheld]"
_SSN = re.compile(r"(?<!\d)(?<!\d-)\d{3}-?\d{2}-?\d{4}(?!-?\d)")
_NINE_DIGITS = range(100_000_000, 1_000_000_000)
# Control numbers have nine digits too, and so may sizes: these keys are of the exchange, not of a person.
_CONTROL_KEYS = frozenset({"interchange", "group", "transaction_set", "control_number", "isa13", "gs06", "st02"})
_MEASURES = ("_bytes", "_seconds")
# Libraries whose texts hold job names and times, never data.
_TRUSTED = ("apscheduler", "procrastinate", "alembic")


def withhold_personal_data(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return `event` with personal keys masked and whatever looks like an SSN removed, however deep it lies."""
    return {key: value if key.startswith("_") else _withheld(key, value) for key, value in event.items()}


def _withheld(key: str, value: object) -> object:
    """Return a value without what must not be logged under `key`."""
    is_known_number = key in _CONTROL_KEYS or key.endswith(_MEASURES)
    if is_known_number or key in PERSONAL_KEYS:
        return value if is_known_number else MASK
    match value:
        case str():
            return _SSN.sub(MASK, value)
        case int() if value in _NINE_DIGITS:
            return MASK
        case Mapping():
            return {inner: _withheld(str(inner), each) for inner, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_withheld(key, each) for each in value]
        case _:
            return value


def places_instead_of_traceback(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Return `event` with an exception told by its class and the lines it passed, never by its text.

    The text of a foreign exception may quote what it choked on: a statement's parameters, an element's value.
    """
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["error"] = type(error).__name__
        event["at"] = " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames[-6:])
    return event


def _by_template(record: logging.LogRecord) -> logging.LogRecord:
    """Return a library's line without its arguments: they, or a text already put together, may quote data."""
    is_ours = isinstance(record.msg, dict)  # structlog hands over its event
    if is_ours or record.name.startswith(_TRUSTED):
        return record
    template = str(record.msg) if record.args else "a library's message, withheld"
    where = f"{record.name} {record.filename}:{record.lineno}"
    return logging.makeLogRecord({**record.__dict__, "msg": f"{where}: {template}", "args": None})


class StderrHandler(logging.Handler):
    """Writes to what is stderr at the moment of writing, so that a redirected stream is honoured."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one formatted line; a stream that cannot be written to is reported by logging itself."""
        try:
            sys.stderr.write(self.format(_by_template(record)) + "\n")
        except (OSError, ValueError):
            self.handleError(record)


_CHAIN: tuple[structlog.types.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    places_instead_of_traceback,
    withhold_personal_data,
)


def configure(*, level: str = "info", as_json: bool = False) -> None:
    """Send structlog and the standard library's logs through one chain to stderr, as lines or as JSON."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    _use(structlog.stdlib.ProcessorFormatter.wrap_for_formatter)
    handler = StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_CHAIN,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [other for other in root.handlers if not isinstance(other, StderrHandler)] + [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    # paramiko and pyx12 write remote paths and element values at their own levels: only their alarms pass.
    for noisy in ("paramiko", "pyx12", "apscheduler", "asyncssh", "procrastinate", "alembic"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL if noisy == "pyx12" else logging.WARNING)


def _use(last: structlog.types.Processor) -> None:
    """Let structlog's loggers end in the standard library's, through the chain and `last`."""
    structlog.configure(
        processors=[*_CHAIN, last],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


# Until `configure` is called, warnings go out masked all the same: structlog's own default shows local variables.
_use(structlog.processors.KeyValueRenderer(key_order=["event"]))


def get_logger(**context: object) -> structlog.stdlib.BoundLogger:
    """Return a logger with `context` bound: ids, counts, codes and positions only."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(**context)
    return logger

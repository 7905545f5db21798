"""Structured logs on stderr, with a context bound once and everything personal kept out.

DESIGN, decision 14: ids, counts, codes and positions only. Two nets hold it: a key that may carry a person
(`PERSONAL_KEYS`) never passes, and values that look like an SSN, or exception texts, are masked.
"""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
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
_SSN = re.compile(r"(?<![\w-])\d{3}-?\d{2}-?\d{4}(?![\w-])")
# Control numbers have nine digits too: these keys are identifiers of the exchange, not of a person.
_CONTROL_KEYS = frozenset({"interchange", "group", "transaction_set", "control_number", "isa13", "gs06", "st02"})


def withhold_personal_data(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Return `event` with personal keys masked and SSN-like runs of digits removed from every text."""
    for key, value in event.items():
        if key in PERSONAL_KEYS:
            event[key] = MASK
        elif key not in _CONTROL_KEYS and isinstance(value, str):
            event[key] = _SSN.sub(MASK, value)
    return event


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


class StderrHandler(logging.Handler):
    """Writes to what is stderr at the moment of writing, so that a redirected stream is honoured."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one formatted line; a stream that cannot be written to is reported by logging itself."""
        try:
            sys.stderr.write(self.format(record) + "\n")
        except (OSError, ValueError):
            self.handleError(record)


def configure(*, level: str = "info", as_json: bool = False) -> None:
    """Send structlog and the standard library's logs through one chain to stderr, as lines or as JSON."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        places_instead_of_traceback,
        withhold_personal_data,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [other for other in root.handlers if not isinstance(other, StderrHandler)] + [handler]
    root.setLevel(level.upper())
    # paramiko and pyx12 write remote paths and element values at their own levels: only their alarms pass.
    for noisy in ("paramiko", "pyx12", "apscheduler", "asyncssh", "procrastinate"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL if noisy == "pyx12" else logging.WARNING)


def get_logger(**context: object) -> structlog.stdlib.BoundLogger:
    """Return a logger with `context` bound: ids, counts, codes and positions only."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(**context)
    return logger

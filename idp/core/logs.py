"""Structured logs: one JSON object a line in production, readable lines elsewhere, never a secret."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRETS = ("password", "pin", "code", "token", "secret", "cookie", "authorization", "seed", "private")


def configure(production: bool) -> None:
    """Set up logging for this process; other libraries log from WARNING on."""
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.WARNING)
    final = structlog.processors.JSONRenderer() if production else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            hide_secrets,
            structlog.processors.format_exc_info,
            final,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank every value whose name sounds like a secret, in case somebody logs one by mistake."""
    for name in event:
        if any(part in name.lower() for part in SECRETS):
            event[name] = "hidden"
    return event

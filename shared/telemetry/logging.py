"""How a process logs: structlog, JSON lines or pretty on a terminal, and every library through the same chain."""

import logging
import logging.handlers
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.settings import TelemetrySettings
from shared.telemetry.masking import masked
from shared.telemetry.rate_limit import RateLimit

CHATTY_LOGGERS: Final = ("aiokafka", "faust", "kafka", "mode", "urllib3", "uvicorn")
"""Libraries that say the same thing many times a second while a server is away, or a caller sends nonsense, and too
much while all is well."""
STALLS: Final = "kafka.net.selector"
"""Warns of each tenth of a second that its loop takes, as of a bug; a busy machine does that to every process."""
PERIOD_SECONDS: Final = 10.0
LEADING: Final = ("timestamp", "level", "event")


def configure_logging(service: str, settings: TelemetrySettings) -> None:
    """Make every logger of this process, ours and the libraries', write as `settings` say, with `service` on each line.

    May be called again: it replaces what was set up before. Raises `OSError` where the log file can't be written.
    """
    handler = _handler(settings)
    handler.setFormatter(_formatter(service, settings))
    handler.addFilter(RateLimit(CHATTY_LOGGERS, PERIOD_SECONDS))
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG if level == logging.DEBUG else max(level, logging.WARNING))
    logging.getLogger(STALLS).setLevel(logging.NOTSET if level == logging.DEBUG else logging.ERROR)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_shared_processors(), ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


@contextmanager
def record_bound(topic: str, offset: int, document_id: str | None = None) -> Iterator[None]:
    """Put the record that is worked on, on every line that is logged in the block."""
    bound = {"topic": topic, "offset": offset} | ({"document_id": document_id} if document_id else {})
    with structlog.contextvars.bound_contextvars(**bound):
        yield


def _handler(settings: TelemetrySettings) -> logging.Handler:
    if settings.log_file is None:
        return logging.StreamHandler()
    settings.log_file.parent.mkdir(parents=True, exist_ok=True)
    # A lone surrogate is written as an escape.
    return _LogFile(settings.log_file, encoding="utf-8", errors="backslashreplace")


class _LogFile(logging.handlers.WatchedFileHandler):
    """A file that is opened again when somebody has moved it away."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`; where its folder is gone, say so on standard error and let the process go on."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)


def _formatter(service: str, settings: TelemetrySettings) -> ProcessorFormatter:
    def add_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {name: event.pop(name) for name in LEADING if name in event} | {"service": service, **event}

    return ProcessorFormatter(
        foreign_pre_chain=[*_shared_processors(), structlog.stdlib.ExtraAdder(allow=["suppressed"])],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            add_service,
            _mask_secrets,
            _renderer(settings),
        ],
    )


def _renderer(settings: TelemetrySettings) -> Processor:
    on_terminal = settings.log_file is None and sys.stderr.isatty()
    if settings.log_format == "pretty" or (settings.log_format == "auto" and on_terminal):
        # The plain traceback: a rich one shows local variables, and with them secrets.
        return structlog.dev.ConsoleRenderer(colors=on_terminal, exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _mask_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {name: masked(value, name) for name, value in event.items()}

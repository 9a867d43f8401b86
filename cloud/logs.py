"""Logs of every process: readable on a terminal, one JSON object a line elsewhere."""

import logging
import sys
from typing import Any

import structlog


def set_up_logs(process: str) -> None:
    """Once, at start. Each line carries `process`; ids are fields, people's names and secrets never are."""
    terminal = sys.stderr.isatty()

    def name_process(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"] = process  # not a context variable, which other threads would not see
        return event

    shared: list[structlog.typing.Processor] = [
        name_process,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    exceptions = [_give_no_commands] if terminal else [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[*shared, *exceptions, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Libraries speak through the standard library; only their warnings are ours to show, in the same form.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=[*shared, *exceptions]))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _give_no_commands(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What somebody sent stays on its line and moves no cursor. JSON does the same by itself."""
    return {_printable(key): _printable(value) if isinstance(value, str) else value for key, value in event.items()}


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)

"""A copy as files: one table of each kind as CSV, all of it as one JSON document, and a page to read.

Of names that others have (who made a visit, who looked) the elder sees what their own pages show them.
"""

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import IO, Any

from psycopg.types.range import Range

from cloud.db.pool import Connection
from cloud.errors import CloudError
from cloud.privacy.export import store
from cloud.privacy.export.model import Sheet

_SHOWN = 200
"""Rows of a table that the page shows; the files have all."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SUFFIX = {"image/jpeg": "jpg", "audio/webm": "webm", "audio/ogg": "ogg", "audio/mp4": "m4a"}
_STYLE = (
    "body{font:17px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}"
    "td,th{border:1px solid #999;padding:4px 8px;text-align:left;vertical-align:top}"
)


class CopyRefused(CloudError):
    """There is something where the copy is to go."""


class CopyStopped(CloudError):
    """Whoever makes it was asked to stop."""


@dataclass(frozen=True)
class Copied:
    rows: dict[str, int]
    """By table, also those without any."""


def write_copy(
    connection: Connection,
    elder_id: int,
    code: str,
    folder: Path,
    now: datetime,
    *,
    sheets: list[Sheet] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Copied:
    """Writes all that is kept of the elder, or `sheets` of it, into the new `folder`, readable by its owner only.

    Memory does not grow with the rows. Raises CopyRefused, CopyStopped soon after `stopped` says so, and OSError.
    """
    if folder.exists() and any(folder.iterdir()):
        raise CopyRefused(f"{folder} is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    counted: dict[str, int] = {}
    with store.one_instant(connection), ExitStack() as files:
        document = files.enter_context(_open(folder / "all.json"))
        page = files.enter_context(_open(folder / "index.html"))
        about = json.dumps({"elder": code, "made_at": now.isoformat(timespec="seconds")}, ensure_ascii=False)
        document.write(f'{{"about": {about}, "tables": {{')
        page.write(_head(code, now, whole=sheets is None))
        for place, sheet in enumerate(store.given(connection) if sheets is None else sheets):
            document.write(f"{',' if place else ''}\n{json.dumps(sheet.name)}: [")
            names = store.columns(connection, sheet)
            page.write(_table_head(sheet, names))
            rows = _with_files(_until(stopped, store.rows(connection, sheet, elder_id)), sheet, folder)
            counted[sheet.name] = _write_table(rows, names, folder / f"{sheet.name}.csv", (document, page))
            document.write("]")
            page.write(_table_end(sheet, counted[sheet.name]))
        document.write("\n}}\n")
        page.write("</body></html>\n")
    return Copied(counted)


def _with_files(rows: Iterator[dict[str, Any]], sheet: Sheet, folder: Path) -> Iterator[dict[str, Any]]:
    """The rows, with the name of a file in place of what is one."""
    for number, row in enumerate(rows, start=1):
        if sheet.file:
            name = f"{sheet.name}-{number}.{_SUFFIX.get(row['media_type'], 'bin')}"
            with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(row[sheet.file])
            row[sheet.file] = name
        yield row


def _until(stopped: Callable[[], bool], rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if stopped():
            raise CopyStopped("the copy was not made to its end")
        yield row


def _write_table(
    rows: Iterator[dict[str, Any]], names: list[str], csv_file: Path, texts: tuple[IO[str], IO[str]]
) -> int:
    """Into the CSV file, the JSON document and the page; gives how many rows."""
    count, (document, page) = 0, texts
    with _open(csv_file) as file:
        table = csv.writer(file)
        table.writerow(names)
        for row in rows:
            values = {name: _plain(row[name]) for name in names}
            document.write(f"{',' if count else ''}\n{json.dumps(values, ensure_ascii=False)}")
            table.writerow([_cell(values[name]) for name in names])
            if count < _SHOWN:
                page.write("<tr>" + "".join(f"<td>{escape(_words(values[name]))}</td>" for name in names) + "</tr>\n")
            count += 1
    return count


def _open(path: Path) -> IO[str]:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="")


def _plain(value: Any) -> Any:
    """As JSON has it."""
    match value:
        case None | bool() | int() | float() | str():
            plain: Any = value
        case date():
            plain = value.isoformat()
        case bytes():
            plain = value.hex()
        case Range():
            plain = {"from": _plain(value.lower), "until": _plain(value.upper)}
        case dict():
            plain = {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple():
            plain = [_plain(one) for one in value]
        case _:
            plain = str(value)
    return plain


def _cell(value: Any) -> Any:
    """A cell of CSV; none that a spreadsheet would take for a formula."""
    text = _words(value)
    return f"'{text}" if text[:1] in _FORMULA and not isinstance(value, int | float) else text


def _words(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _head(code: str, now: datetime, *, whole: bool) -> str:
    if whole:
        heading = "All that the centre keeps of you / 中心保存的关于您的全部数据"
    else:
        heading = "What is shared with you / 与您共享的数据"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(code)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{heading}</h1>"
        f"<p>{escape(code)}, {now:%Y-%m-%d %H:%M} UTC. Each table is a CSV file beside this page, and all.json holds "
        f"all of them. 每个表都有一个同名的 CSV 文件，all.json 包含全部内容。</p>\n"
    )


def _table_head(sheet: Sheet, names: list[str]) -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in names)
    stays = f" (stays after an erasure: {escape(sheet.why)})" if sheet.why else ""
    return f"<h2>{escape(sheet.what)}</h2><p><code>{sheet.name}</code>{stays}</p><table><tr>{cells}</tr>\n"


def _table_end(sheet: Sheet, count: int) -> str:
    more = f"<p>The first {_SHOWN} of {count}; all are in {sheet.name}.csv.</p>" if count > _SHOWN else ""
    return f"</table>{more or f'<p>{count} rows</p>'}\n"

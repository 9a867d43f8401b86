"""The text of a CSV file -> rows of named cells that know where they stand.

Commas or semicolons; UTF-8 with or without its mark, or GB 18030, which spreadsheets write in China.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

MOST_BYTES = 20_000_000
COLUMNS = (
    "what",
    "code",
    "community",
    "address",
    "door_note",
    "time_zone",
    "home",
    "name",
    "born_on",
    "sex",
    "conditions",
    "risks",
    "plan",
    "contacts",
    "role",
    "phone",
    "language",
    "dwelling",
    "storey",
    "lift",
    "lives_with",
    "household",
    "religion",
    "diet",
    "food_note",
    "payers",
    "payer_note",
    "identity_number",
    "card",
)


@dataclass(frozen=True)
class Refusal:
    line: int
    """From 1, as an editor counts; a row that goes over several lines begins here."""
    column: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.why}"


@dataclass
class Row:
    line: int
    cells: dict[str, str]
    refused: list[Refusal] = field(default_factory=list)

    def refuse(self, column: str, why: str) -> None:
        self.refused.append(Refusal(self.line, column, why))

    def need(self, column: str, longest: int = 500) -> str:
        """The cell, which must not be empty."""
        text = self.may(column, longest)
        if not text:
            self.refuse(column, "is empty")
        return text

    def may(self, column: str, longest: int = 2000) -> str:
        text = self.cells.get(column, "")
        if len(text) > longest:
            self.refuse(column, f"has {len(text)} characters, at most {longest} are stored")
        if any(character < " " and character not in "\n\t" for character in text):
            self.refuse(column, "has characters that cannot be shown")
        return text

    def several(self, column: str) -> tuple[str, ...]:
        """The cell's parts between semicolons."""
        return tuple(part.strip() for part in self.may(column).split(";") if part.strip())


def read_table(data: bytes) -> tuple[list[Row], list[Refusal]]:
    """The rows under the header, and what is wrong with the file as a table."""
    if len(data) > MOST_BYTES:
        return [], [Refusal(1, "-", f"the file has {len(data)} bytes, at most {MOST_BYTES} are read")]
    try:
        text = _text(data)
    except UnicodeDecodeError:
        return [], [Refusal(1, "-", "the file is neither UTF-8 nor GB 18030; save it as CSV UTF-8")]
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    rows: list[Row] = []
    refused: list[Refusal] = []
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            begun, line = line, reader.line_num + 1
            named = [cell.strip() for cell in cells]
            if not any(named):
                continue
            if not header:
                header = [cell.lower() for cell in named]
                refused += _header_faults(begun, header)
                continue
            for place, extra in enumerate(named[len(header) :], start=len(header) + 1):
                if extra:
                    refused.append(Refusal(begun, str(place), "has no heading"))
            rows.append(Row(begun, dict(zip(header, named, strict=False))))
    except csv.Error as error:
        refused.append(Refusal(line, "-", f"is no CSV: {error}"))
    if not header:
        refused.append(Refusal(1, "-", f"the file is empty; its first line names columns: {', '.join(COLUMNS)}"))
    return rows, refused


def _header_faults(line: int, header: list[str]) -> Iterable[Refusal]:
    for place, name in enumerate(header, start=1):
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            yield Refusal(line, str(place), f"{name!r} is no column that is known; these are: {known}")
        elif header.index(name) != place - 1:
            yield Refusal(line, str(place), f"{name!r} stands twice")
    if "what" not in header:
        yield Refusal(line, "what", "is missing: it says what a line is: home, elder or staff")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")

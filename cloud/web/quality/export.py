"""The tables of the quality page for other programs, a figure a line. Pure."""

from collections.abc import Iterable

from cloud.web import spreadsheet
from cloud.web.quality.model import Span
from cloud.web.quality.view import Table, Unit

COLUMNS = ("from", "to", "community", "table", "group", "name", "figure", "value", "unit")
_DECIMALS = {Unit.SHARE: 4, Unit.MARK: 2, Unit.SECONDS: 1}


def to_csv(tables: Iterable[Table], span: Span, community: str) -> str:
    """UTF-8 with a heading; a figure that is too small to be shown has no value."""
    return spreadsheet.to_csv(
        COLUMNS,
        (
            (
                span.first.isoformat(),
                span.last.isoformat(),
                community,
                table.code,
                row.code,
                row.name,
                column.code,
                _rounded(value, column.unit),
                column.unit.value,
            )
            for table in tables
            for row in table.rows
            for column, value in zip(table.columns, row.values, strict=True)
        ),
    )


def _rounded(value: float | None, unit: Unit) -> float | None:
    return round(value, _DECIMALS[unit]) if value is not None and unit in _DECIMALS else value

"""What a file holds that is no reading: counted by reason, with the first lines of each."""

from dataclasses import dataclass, field

_SHOWN = 3
_TEXT = 80


class Dirty(ValueError):
    """A row that cannot be taken; the message is the reason, without the value."""


@dataclass
class Dirt:
    """Rows of one file that were left out, or taken otherwise than they stand."""

    file: str
    rows: int = 0
    _left_out: dict[str, list[str]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    """Rows that were taken, by what was odd about them."""

    def leave_out(self, reason: str, line: int, row: list[str]) -> None:
        self._counts[reason] = self._counts.get(reason, 0) + 1
        shown = self._left_out.setdefault(reason, [])
        if len(shown) < _SHOWN:
            text = ",".join(row)
            shown.append(f"line {line}: {text if len(text) <= _TEXT else text[:_TEXT] + '...'!s}")

    def note(self, what: str, count: int = 1) -> None:
        if count:
            self.notes[what] = self.notes.get(what, 0) + count

    @property
    def counts(self) -> dict[str, int]:
        """Left-out rows by reason."""
        return dict(self._counts)

    def said(self) -> str:
        """For a person: what was read, left out and why."""
        out = sum(self._counts.values())
        lines = [f"{self.file}: {self.rows} rows, {out} left out"]
        for reason, count in sorted(self._counts.items()):
            lines.append(f"  {count} {reason}")
            lines += [f"    {printable(line)}" for line in self._left_out[reason]]
        lines += [f"  {count} {what}" for what, count in sorted(self.notes.items())]
        return "\n".join(lines)


def printable(text: str) -> str:
    """Without what would move a terminal's cursor."""
    return "".join(one if one.isprintable() else "?" for one in text)

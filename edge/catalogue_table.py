"""`doorstep-edge devices`: the catalogue, and above all what each entry was proven against."""

import msgspec
from rich.table import Table

from edge.catalogue import Catalogue


def catalogue_json(catalogue: Catalogue) -> str:
    """A list of objects, in the catalogue's order."""
    rows = [
        {"model": name, "transport": model.transport, **msgspec.to_builtins(model)} for name, model in catalogue.items()
    ]
    return msgspec.json.encode(rows).decode()


def catalogue_table(catalogue: Catalogue) -> Table:
    table = Table(title="What this gateway can read", title_justify="left", show_lines=True)
    for heading in ("Model", "What it is", "Over", "Proven against"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "Model")
    for name, model in catalogue.items():
        senses = f"Senses: {', '.join(model.senses)}" if model.senses else ""
        what = "\n".join(text for text in (model.title, senses, model.note) if text)
        over = "\n".join((model.transport, *(f"usb {usb}" for usb in model.usb)))
        table.add_row(name, what, over, "\n".join(model.proven_against))
    return table

"""Known weaknesses out of a folder, for a machine from which no service can be asked.

The folder holds documents of the OSV schema, as YAML or JSON: a checkout of the Python Packaging Advisory Database
(github.com/pypa/advisory-database), or what OSV publishes of PyPI as one archive, unpacked.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # comes with schemathesis, without types
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_MODIFIED = re.compile(r'(?:^|[{,])\s*"?modified"?\s*:\s*"?(\d{4}-\d{2}-\d{2})', re.MULTILINE)
_KINDS = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Known:
    weak: tuple[str, ...]
    """Package, version, advisory, and the version that mends it."""
    advisories: int
    """How many the folder has of any package."""
    newest: datetime | None
    """When the newest of them was changed: the folder knows of nothing after that."""


def look_up(folder: Path, wanted: Mapping[str, str]) -> Known:
    """`wanted` is versions by canonical name. Raises OSError, and ValueError for a document that is none."""
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder; name a checkout of github.com/pypa/advisory-database")
    weak: list[str] = []
    count, newest = 0, ""
    named = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in wanted).replace(r"\-", "[-_.]"), re.IGNORECASE)
    for file in sorted(file for file in folder.rglob("*") if file.suffix in _KINDS and file.is_file()):
        text = file.read_text(encoding="utf-8")
        if (modified := _MODIFIED.search(text)) is None:
            continue  # no advisory
        count, newest = count + 1, max(newest, modified[1])
        if named.search(text):
            document = json.loads(text) if file.suffix == ".json" else yaml.load(text, yaml.CSafeLoader)
            weak += _weak(document, wanted)
    return Known(tuple(sorted(weak)), count, datetime.fromisoformat(newest).replace(tzinfo=UTC) if newest else None)


def _weak(document: Mapping[str, Any], wanted: Mapping[str, str]) -> Iterator[str]:
    """What an advisory says against `wanted`."""
    if document.get("withdrawn"):
        return
    for affected in document.get("affected", ()):
        package = affected.get("package", {})
        name = canonicalize_name(str(package.get("name", "")))
        if package.get("ecosystem") != "PyPI" or name not in wanted:
            continue
        ranges = [each for each in affected.get("ranges", ()) if each.get("type") == "ECOSYSTEM"]
        if wanted[name] in affected.get("versions", ()) or any(_holds(wanted[name], each) for each in ranges):
            fixed = sorted({str(event["fixed"]) for each in ranges for event in each["events"] if "fixed" in event})
            mended = ", ".join(fixed) or "nothing yet"
            yield f"{name} {wanted[name]}: {document['id']}, mended by {mended}"


def _holds(version: str, span: Mapping[str, Any]) -> bool:
    """Whether `version` lies in a range of the OSV schema (section "affected[].ranges[].events")."""
    inside = False
    try:
        asked = Version(version)
        for event in span["events"]:  # in their order, which is that of the versions
            if "introduced" in event and (
                str(event["introduced"]) == "0" or asked >= Version(str(event["introduced"]))
            ):
                inside = True
            if "fixed" in event and asked >= Version(str(event["fixed"])):
                inside = False
            if "last_affected" in event and asked > Version(str(event["last_affected"])):
                inside = False
    except InvalidVersion:
        return False
    return inside

"""A software bill of materials (CycloneDX 1.6, JSON) of what we ship, made from what is installed."""

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tests.supply.shipped import OURS, SHIPPED, packages
from tests.supply.tools import tool

ROOT = Path(__file__).parents[2]


def write(output: Path) -> int:
    """How many packages stand in it. Raises ToolsMissing, and RuntimeError where the tool fails."""
    command: list[str | Path] = [
        tool("cyclonedx-py"),
        "environment",
        "--pyproject",
        ROOT / "pyproject.toml",
        "--output-reproducible",
    ]
    done = subprocess.run([*command, "-o", "-", sys.executable], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"cyclonedx-py: {done.stderr.strip()[-400:]}")
    shipped = packages(SHIPPED)
    document = only(json.loads(done.stdout), shipped)
    found = {canonicalize_name(component["name"]): component["version"] for component in document["components"]}
    if found != shipped:
        raise RuntimeError(f"the document does not hold what we ship: {found.items() ^ shipped.items()}")
    output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return len(found)


def only(document: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The document without what is installed for the work on it alone."""
    kept = [each for each in document["components"] if canonicalize_name(each["name"]) in names]
    refs = {each["bom-ref"] for each in kept} | {document["metadata"]["component"]["bom-ref"]}
    dependencies = [
        {**each, "dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in refs]}
        for each in document["dependencies"]
        if each["ref"] in refs
    ]
    assert document["metadata"]["component"]["name"] == OURS
    return {**document, "components": kept, "dependencies": dependencies}

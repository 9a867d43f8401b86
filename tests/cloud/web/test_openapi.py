"""The published document is the one that the routes make."""

import json
from pathlib import Path

from cloud.web.app import openapi_document

PUBLISHED = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_published_document_is_made_from_the_routes() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == openapi_document(), "run ./dev docs"


def test_every_operation_that_changes_something_says_what_it_takes() -> None:
    for path, operations in openapi_document()["paths"].items():
        for method, operation in operations.items():
            if method == "post" and "{" in path and not path.endswith(("/take", "/send")):
                assert "requestBody" in operation, f"{method} {path}"

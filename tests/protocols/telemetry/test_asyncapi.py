"""The published contract is the one that the code speaks."""

import json
from pathlib import Path

import msgspec

from protocols.telemetry.asyncapi import document
from protocols.telemetry.messages import ReadingsMessage, encode
from tests.protocols.telemetry.test_messages import decode_readings, readings_json

PUBLISHED = Path(__file__).parents[3] / "docs" / "asyncapi.json"


def test_the_published_document_is_made_from_the_types() -> None:
    made = json.loads(json.dumps(document()))
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == made, "run ./dev docs"


def test_every_reference_leads_somewhere() -> None:
    text = msgspec.json.encode(document()).decode()
    found = json.loads(text)
    for part in text.split('"$ref":"#/')[1:]:
        place = found
        for step in part.split('"', 1)[0].split("/"):
            place = place[step]
        assert place


def test_a_message_has_the_fields_that_its_schema_asks_for() -> None:
    schema = document()["components"]["schemas"][ReadingsMessage.__name__]
    assert (
        set(schema["required"])
        <= json.loads(encode(decode_readings(readings_json()))).keys()
        <= set(schema["properties"])
    )

"""The wire format as a schema, so that any test can ask whether a document is one that X-Ray takes."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema

_SCHEMA = Path(__file__).with_name("segment.schema.json")
_TOLD = 5


def validate(document: dict[str, Any]) -> None:
    """Pass if X-Ray takes this segment or detached subsegment; else raise AssertionError telling each defect's place.

    Beside the schema: it is JSON (no NaN), nothing ends before it starts, ids occur once, and what an embedded
    subsegment repeats (trace_id, parent_id) agrees with where it is.
    """
    defects = list(_defects(document))
    if defects:
        more = len(defects) - _TOLD
        told = [*defects[:_TOLD], *([f"... and {more} more"] if more > 0 else [])]
        raise AssertionError("not a document that X-Ray takes:\n  " + "\n  ".join(told))


def _defects(document: dict[str, Any]) -> Iterator[str]:
    try:
        json.dumps(document, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        yield f"$: not JSON: {error}"
        return
    against_schema = sorted(_validator().iter_errors(document), key=lambda error: error.json_path)
    if against_schema:
        yield from (f"{error.json_path}: {_shortened(error.message)}" for error in against_schema)
        return
    yield from _disagreements(document, "$", set())


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _disagreements(entity: dict[str, Any], place: str, seen: set[str]) -> Iterator[str]:
    if entity["id"] in seen:
        yield f"{place}.id: {entity['id']} occurs twice"
    seen.add(entity["id"])
    if entity.get("end_time", entity["start_time"]) < entity["start_time"]:
        yield f"{place}.end_time: before start_time"
    for index, child in enumerate(entity.get("subsegments", ())):
        inside = f"{place}.subsegments[{index}]"
        if child["trace_id"] != entity["trace_id"]:
            yield f"{inside}.trace_id: not that of the document"
        if child["parent_id"] != entity["id"]:
            yield f"{inside}.parent_id: not the id of the entity that holds it"
        yield from _disagreements(child, inside, seen)


def _shortened(message: str) -> str:
    return message if len(message) <= 300 else f"{message[:200]} ... {message[-90:]}"

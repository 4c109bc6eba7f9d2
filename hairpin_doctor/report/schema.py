"""JSON Schema (draft 2020-12) of the report, generated from its dataclasses; docs/report.schema.json is this text."""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hairpin_doctor.report.report import MAJOR, SCHEMA_NAME, Report

PLAIN: dict[object, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
RECORDING = "The answers of one vantage point, as --with and judge read them; their form follows the probes' questions."


def schema_text() -> str:
    """The schema of a report as a file."""
    return as_file(report_schema())


def as_file(schema: dict[str, Any]) -> str:
    """A schema as the text of its file."""
    return json.dumps(schema, indent=2) + "\n"


def report_schema() -> dict[str, Any]:
    """The schema of a report of this major version.

    Unknown fields are allowed, as a reader ignores them; those that came later are not required, as earlier reports
    lack them.
    """
    found = schema_of(Report, f"{SCHEMA_NAME}/{MAJOR}")
    found["properties"]["recordings"]["items"] = {"type": "object", "description": RECORDING}
    return found


def schema_of(kind: type, name: str) -> dict[str, Any]:
    """The schema of a dataclass of plain values, whose field `schema` holds the name."""
    definitions: dict[str, Any] = {}
    _reference(kind, definitions)
    top = definitions.pop(kind.__name__)
    top["properties"]["schema"] = {"const": name}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name}
    return {**head, **top, "$defs": dict(sorted(definitions.items()))}


def _reference(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # a place, in case a class refers to itself
        hints = get_type_hints(kind)
        fields = [field.name for field in dataclasses.fields(kind)]
        definitions[kind.__name__] = {
            "type": "object",
            "description": " ".join(inspect.cleandoc(kind.__doc__ or "").split()),
            "properties": {name: _schema(hints[name], definitions) for name in fields},
            "required": [
                field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING
            ],
        }
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin: object = get_origin(kind)
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(each, definitions) for each in get_args(kind)]}
    if origin is tuple:
        return {"type": "array", "items": _schema(get_args(kind)[0], definitions)}
    if origin is dict:
        return {"type": "object"}
    if origin is Literal:
        return {"enum": list(get_args(kind))}
    return _reference(kind, definitions)

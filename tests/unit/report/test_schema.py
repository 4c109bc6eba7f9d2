"""The published schema is generated from the report's classes, and real reports follow it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hairpin_doctor.recording import Recording
from hairpin_doctor.report.compose import with_recordings
from hairpin_doctor.report.files import to_json
from hairpin_doctor.report.report import Report
from hairpin_doctor.report.schema import report_schema, schema_text
from hairpin_doctor.scan import judge
from probes.questions.traffic import Handshake

COMMITTED = Path(__file__).parents[3] / "docs" / "report.schema.json"


def validate(report: Report) -> None:
    jsonschema.Draft202012Validator(report_schema()).validate(json.loads(to_json(report)))


def test_the_committed_schema_is_the_generated_one() -> None:
    assert COMMITTED.read_text() == schema_text(), "run: python -m hairpin_doctor.docs_generator"


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("outcome", list(Handshake))
def test_a_report_of_a_real_judgement_follows_the_schema(
    outcome: Handshake, recorded: Callable[..., Recording]
) -> None:
    scanned = judge([recorded(outcome)])
    validate(with_recordings(scanned.report, scanned.recordings))


def test_a_report_with_fixes_follows_the_schema(diagnosed: Report) -> None:
    validate(diagnosed)


@pytest.mark.parametrize(
    "wrong", [{"verdict": "fine"}, {"answer": None}, {"schema": "hairpin-doctor/report/2"}]
)
def test_a_wrong_report_does_not(diagnosed: Report, wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(replace(diagnosed, **wrong))


def test_a_report_of_an_earlier_or_a_later_version_one_follows_the_schema_too(diagnosed: Report) -> None:
    report = json.loads(to_json(diagnosed))
    del report["contradictions"]
    report["weather"] = {"unknown": ["to", "us"]}
    report["diagnoses"][0]["fixes"][0]["steps"][0]["mood"] = None
    jsonschema.Draft202012Validator(report_schema()).validate(report)

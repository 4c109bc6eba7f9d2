"""The probe catalogue: one file, one function, one facts type per probe, lowest layer first."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from probes.catalogue import CATALOGUE
from probes.probe import Layer, Phase, Probe

PROBES = Path(__file__).parents[2] / "probes"
QUESTION_WORDS = {"Who", "Which", "What", "Where", "which", "Does", "Do", "Has", "If", "How"}
NO_PROBE = {"__init__", "catalogue", "host", "probe", "target"}

each_probe = pytest.mark.parametrize("probe", CATALOGUE, ids=lambda probe: probe.id)


def test_every_file_of_probes_is_in_the_catalogue() -> None:
    files = {path.stem for path in PROBES.glob("*.py")} - NO_PROBE
    assert files == {probe.id for probe in CATALOGUE}


def test_ids_and_facts_are_unique() -> None:
    assert len({probe.id for probe in CATALOGUE}) == len(CATALOGUE)
    assert len({probe.facts for probe in CATALOGUE}) == len(CATALOGUE)


def test_the_catalogue_goes_from_the_lowest_layer_up() -> None:
    layers = list(Layer)
    positions = [layers.index(probe.layer) for probe in CATALOGUE]
    assert positions == sorted(positions)


def test_every_layer_has_a_probe() -> None:
    assert {probe.layer for probe in CATALOGUE} == set(Layer)


@each_probe
def test_id_file_and_function_have_one_name(probe: Probe[Any]) -> None:
    assert probe.look.__name__ == probe.id
    assert probe.look.__module__ == f"probes.{probe.id}"


@each_probe
def test_the_documentation_begins_with_the_question_it_answers(probe: Probe[Any]) -> None:
    question = re.split(r"[?:.]", probe.documentation)[0]
    assert set(question.split()[:3]) & QUESTION_WORDS
    assert probe.look.__doc__


@each_probe
def test_its_facts_are_a_documented_frozen_dataclass(probe: Probe[Any]) -> None:
    assert vars(probe.facts)["__dataclass_params__"].frozen
    assert probe.facts.__name__.endswith("Facts")
    assert probe.facts.__doc__
    assert not probe.facts.__doc__.startswith(f"{probe.facts.__name__}(")  # what dataclass writes itself


@each_probe
def test_its_facts_hold_no_mutable_collection(probe: Probe[Any]) -> None:
    kinds = [str(field.type) for field in dataclasses.fields(probe.facts)]
    assert [kind for kind in kinds if kind.startswith(("list", "set", "dict"))] == []


@each_probe
def test_what_is_asked_first_is_a_question_of_the_moment_before(probe: Probe[Any]) -> None:
    assert probe.phase in Phase
    for question in probe.asks_first:
        assert dataclasses.is_dataclass(question)
        hash(question)

"""Questions are values, and every one of them is answered by the machine itself."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import typing
from typing import Any

import pytest

import probes.questions
from probes.cluster.host import ANSWERED_BY as OF_CLUSTERS
from probes.host import Question
from probes.linux.host import ANSWERED_BY
from probes.linux.rights import RIGHTS

CAPABILITIES = {"CAP_NET_RAW", "CAP_NET_ADMIN", "CAP_SYSLOG"}

each_question = pytest.mark.parametrize("question", probes.questions.ALL, ids=lambda kind: kind.__name__)


def defined() -> set[type[Question[Any]]]:
    found: set[type[Question[Any]]] = set()
    for info in pkgutil.iter_modules(probes.questions.__path__, "probes.questions."):
        module = importlib.import_module(info.name)
        found |= {
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Question) and value is not Question
        }
    return found


def test_every_question_that_is_defined_is_in_the_list_that_recordings_know() -> None:
    assert set(probes.questions.ALL) == defined()


def test_the_machine_or_the_cluster_answers_every_question_and_never_both() -> None:
    assert set(ANSWERED_BY) | set(OF_CLUSTERS) == set(probes.questions.ALL)
    assert not set(ANSWERED_BY) & set(OF_CLUSTERS)


def test_rights_are_capabilities_of_questions_that_exist() -> None:
    assert set(RIGHTS) <= set(probes.questions.ALL)
    assert set(RIGHTS.values()) <= CAPABILITIES


@each_question
def test_a_question_is_a_frozen_value_that_can_be_remembered(question: type[Question[Any]]) -> None:
    parameters = vars(question)["__dataclass_params__"]
    assert parameters.frozen
    assert parameters.eq
    assert all(
        not str(field.type).startswith(("list", "dict", "set")) for field in dataclasses.fields(question)
    )


@each_question
def test_a_question_says_what_it_asks(question: type[Question[Any]]) -> None:
    assert question.__doc__
    assert not question.__doc__.startswith(f"{question.__name__}(")


@each_question
def test_its_answer_has_the_type_that_the_question_names(question: type[Question[Any]]) -> None:
    package = "linux" if question in ANSWERED_BY else "cluster"
    module, _, function = {**ANSWERED_BY, **OF_CLUSTERS}[question].partition(":")
    answer = getattr(importlib.import_module(f"probes.{package}.{module}"), function)
    hints = typing.get_type_hints(answer)
    parameter = next(iter(inspect.signature(answer).parameters))
    (named,) = (typing.get_args(base)[0] for base in vars(question)["__orig_bases__"])
    assert hints[parameter] is question
    given = hints["return"]
    assert given == named or issubclass(typing.get_origin(given) or given, typing.get_origin(named) or named)

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's data brought to what an API takes."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.conform import conform
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples

MODEL = botocore.session.get_session().get_service_model("ecs")
SHAPE = MODEL.operation_model("RegisterTaskDefinition").input_shape
SECRET = "hunter2"


def container(**fields: Any) -> dict[str, Any]:
    return {"family": "web", "containerDefinitions": [{"name": "app", **fields}]}


@pytest.mark.parametrize(
    ("given_fields", "made"),
    [
        ({"cpu": "256"}, {"cpu": 256}),
        ({"cpu": 256.0}, {"cpu": 256}),
        ({"essential": "false"}, {"essential": False}),
        ({"environment": [{"name": "PORT", "value": 8080}]}, {"environment": [{"name": "PORT", "value": "8080"}]}),
        ({"dockerLabels": {1: 2}}, {"dockerLabels": {"1": "2"}}),
        ({"command": ("a", 1)}, {"command": ["a", "1"]}),
        ({"cpu": None, "healthCheck": None}, {}),
    ],
)
def test_what_can_only_mean_a_single_thing_is_taken_for_it(given_fields: dict[str, Any], made: dict[str, Any]) -> None:
    document, problems = conform(SHAPE, container(**given_fields), "task_definition")
    assert problems == []
    assert document["containerDefinitions"] == [{"name": "app", **made}]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([SECRET], "task_definition is a list, where a map is wanted (with family, containerDefinitions)"),
        ({"family": "web"}, "task_definition.containerDefinitions is missing."),
        (container(cpu=SECRET), "task_definition.containerDefinitions[0].cpu is text, where a whole number is wanted."),
        (container(environment={"A": SECRET}), "environment is a map, where a list is wanted"),
        (container(environment=[{"name": "A", "value": True}]), "environment[0].value is true or false, where text"),
        (container(environment=[{"name": "A", "value": [SECRET]}]), "environment[0].value is a list, where text"),
        (container(environment=[None]), "environment[0] is empty"),
        (container(environment=[SECRET]), "environment[0] is text, where a map is wanted (with name, value)"),
        (container(portMapping=[]), "has a field 'portMapping' that the API does not know; did you mean portMappings?"),
        (container(port_mappings=[]), "did you mean portMappings?"),
        (container(essential=SECRET), "essential is text, where true or false is wanted"),
        (container(secrets=[{"name": "A"}]), "secrets[0].valueFrom is missing."),
        ({**container(), "networkMode": "awsvcp"}, "networkMode must be one of bridge, host, awsvpc, none."),
        (container(dockerLabels=[SECRET]), "dockerLabels is a list, where a map is wanted"),
    ],
)
def test_misfit_is_named_by_its_place_and_never_by_its_value(wrong: Any, said: str) -> None:
    _made, problems = conform(SHAPE, wrong, "task_definition")
    assert said in " ".join(problems)
    assert SECRET not in str(problems)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@st.composite
def fields_of(draw: st.DrawFn, shape: Any, depth: int = 0) -> Any:
    """Data with the fields of a shape, now and then with something else in their place."""
    if depth > 5 or draw(st.integers(0, 5)) == 0:
        return draw(anything)
    if shape.type_name == "structure":
        names = draw(st.lists(st.sampled_from(sorted(shape.members)), unique=True, max_size=5))
        names = [*{*names, *shape.required_members}]
        return {name: draw(fields_of(shape.members[name], depth + 1)) for name in names}
    if shape.type_name == "list":
        return [draw(fields_of(shape.member, depth + 1)) for _ in range(draw(st.integers(0, 2)))]
    return draw(anything)


@examples(200)
@given(fields_of(SHAPE))
def test_whatever_is_given_is_answered_and_what_has_no_problem_is_valid_for_botocore(value: Any) -> None:
    made, problems = conform(SHAPE, value, "task_definition")
    if not problems:
        assert not ParamValidator().validate(made, SHAPE).has_errors()
        assert conform(SHAPE, made, "task_definition") == (made, [])

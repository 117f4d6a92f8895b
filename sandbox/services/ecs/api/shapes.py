# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Requests whose members have other types than the API model says are refused before any handler sees them."""

import functools
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.model import OperationNotFoundError, ServiceModel, Shape

from sandbox.ministack import responses
from sandbox.services.ecs.model.errors import Answer, Request

_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float, str),
    "boolean": (bool,),
}


def checking(dispatch: Callable[[str, Request], Answer]) -> Callable[[str, Request], Answer]:
    """Wrap MiniStack's dispatcher of ECS actions."""

    def checked(action: str, data: Request) -> Answer:
        problem = _problem(action, data)
        if problem:
            return responses.error_response_json("SerializationException", problem, 400)  # type: ignore[no-any-return]
        return dispatch(action, {key: value for key, value in data.items() if value is not None})

    return checked


def misfit(value: Any, shape: Shape, path: str = "") -> str | None:
    """Where `value` has another type than `shape`, in words; None when it fits. Unknown members and nulls pass."""
    kind = shape.type_name
    if value is None:
        return None
    if kind in _SCALARS:
        fits = isinstance(value, _SCALARS[kind]) and (kind == "boolean" or not isinstance(value, bool))
        return None if fits else f"{path or 'the request'} is not of type {kind}"
    if not isinstance(value, list if kind == "list" else dict):
        return f"{path or 'the request'} is not of type {kind}"
    found = (misfit(item, inner, where) for item, inner, where in _inside(value, shape, path))
    return next((problem for problem in found if problem), None)


def _inside(value: Any, shape: Any, path: str) -> list[tuple[Any, Shape, str]]:
    if shape.type_name == "list":
        return [(item, shape.member, f"{path}[{index}]") for index, item in enumerate(value)]
    if shape.type_name == "map":
        return [(item, shape.value, f"{path}.{key}") for key, item in value.items()]
    return [(value[key], inner, f"{path}.{key}".lstrip(".")) for key, inner in shape.members.items() if key in value]


def _problem(action: str, data: Any) -> str | None:
    try:
        shape = _model().operation_model(action).input_shape
    except OperationNotFoundError:
        return None
    return misfit(data, shape) if shape is not None else None


@functools.cache
def _model() -> ServiceModel:
    return botocore.session.Session().get_service_model("ecs")

"""Drift detection for the types that MiniStack makes but never looks at again.

A reader asks the service's API and answers in the template's shape. Members that a template does not set are cut off
before the comparison: AWS compares "only property values that are explicitly set" (User Guide, drift detection).
"""

import functools
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from ministack.services.cloudformation import drift as engine

from sandbox.services.cloudformation.model.drift import balancing, data, network

Properties = dict[str, Any]
Reader = Callable[[str, Properties], Properties | None]

READERS: dict[str, tuple[Reader, frozenset[str]]] = {**network.READERS, **balancing.READERS, **data.READERS}


def install() -> None:
    """Give the engine the readers."""
    for name, (reader, compared) in READERS.items():
        engine._DRIFT_READERS[name] = (_cut(_gone_is_none(reader)), compared)


def _gone_is_none(reader: Reader) -> Reader:
    def read(physical_id: str, properties: Properties) -> Properties | None:
        try:
            return reader(physical_id, properties)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if "NotFound" in code or code.startswith("NoSuch"):
                return None
            raise

    return read


def _cut(reader: Reader) -> Reader:
    def read(physical_id: str, properties: Properties) -> Properties | None:
        current = reader(physical_id, properties)
        return None if current is None else {name: cut(properties.get(name), thing) for name, thing in current.items()}

    return read


def cut(expected: Any, actual: Any) -> Any:
    """`actual` with only those members that `expected`, or some element of it, has."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {name: cut(expected[name], thing) for name, thing in actual.items() if name in expected}
    if isinstance(expected, list) and isinstance(actual, list):
        shape = functools.reduce(_merged, expected, None)
        return [cut(shape, one) for one in actual]
    return actual


def _merged(left: Any, right: Any) -> Any:
    """All the members of both, at every depth."""
    if isinstance(left, dict) and isinstance(right, dict):
        return {name: _merged(left.get(name), right.get(name)) for name in left | right}
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    return right if left is None or isinstance(right, (dict, list)) else left

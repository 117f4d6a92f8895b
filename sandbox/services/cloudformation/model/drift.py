# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Drift detection: how what a service's API answers is compared with a template.

A reader answers in the template's shape. Members that a template does not set are cut off before the comparison: AWS
compares "only property values that are explicitly set" (User Guide, drift detection).
"""

import functools
from typing import Any

from botocore.exceptions import ClientError

from sandbox.services.cloudformation.model.types import Properties, Reader


def comparable(reader: Reader) -> Reader:
    """`reader` as the engine needs it: nothing for what is gone, and of the rest what the template sets."""

    def read(physical_id: str, properties: Properties) -> Properties | None:
        current = _gone_is_none(reader)(physical_id, properties)
        return None if current is None else {name: cut(properties.get(name), thing) for name, thing in current.items()}

    return read


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


def cut(expected: Any, actual: Any) -> Any:
    """`actual` with only those members that `expected`, or some element of it, has."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {name: cut(expected[name], thing) for name, thing in actual.items() if name in expected}
    if isinstance(expected, list) and isinstance(actual, list):
        shape = functools.reduce(_merged, expected, None)
        return [cut(shape, element) for element in actual]
    return actual


def _merged(left: Any, right: Any) -> Any:
    """All the members of both, at every depth."""
    if isinstance(left, dict) and isinstance(right, dict):
        return {name: _merged(left.get(name), right.get(name)) for name in left | right}
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    return right if left is None or isinstance(right, (dict, list)) else left

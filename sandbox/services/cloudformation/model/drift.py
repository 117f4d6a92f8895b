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


def as_written(reader: Reader) -> Reader:
    """`reader` with numbers as the template writes them: 5 or "5" where the API answers 5.0."""

    def read(physical_id: str, properties: Properties) -> Properties | None:
        current = reader(physical_id, properties)
        return None if current is None else {name: _written(properties.get(name), of) for name, of in current.items()}

    return read


def _written(expected: Any, actual: Any) -> Any:
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {name: _written(expected.get(name), thing) for name, thing in actual.items()}
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [_written(*pair) for pair in zip(expected, actual, strict=True)]
    return expected if _same_number(expected, actual) else actual


def _same_number(expected: Any, actual: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool) or not isinstance(actual, int | float):
        return False
    try:
        return float(expected) == actual
    except (TypeError, ValueError):
        return False


def _gone_is_none(reader: Reader) -> Reader:
    def read(physical_id: str, properties: Properties) -> Properties | None:
        try:
            return reader(physical_id, properties)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            # An answer to HEAD has no body, and so no other code than its status.
            if "NotFound" in code or code.startswith("NoSuch") or code == "404":
                return None
            raise

    return read


def cut(expected: Any, actual: Any) -> Any:
    """`actual` with only those members that `expected`, or some element of it, has; a policy document as it is."""
    if _is_policy(expected):
        return actual
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {name: cut(expected[name], thing) for name, thing in actual.items() if name in expected}
    if isinstance(expected, list) and isinstance(actual, list):
        shape = functools.reduce(_merged, expected, None)
        return [cut(shape, element) for element in actual]
    return actual


def _is_policy(document: Any) -> bool:
    """Whether it is a policy of IAM's language, which is one value whatever it leaves out."""
    statements = document.get("Statement") if isinstance(document, dict) else None
    listed = statements if isinstance(statements, list) else [statements]
    return any(isinstance(statement, dict) and "Effect" in statement for statement in listed)


def _merged(left: Any, right: Any) -> Any:
    """All the members of both, at every depth."""
    if isinstance(left, dict) and isinstance(right, dict):
        return {name: _merged(left.get(name), right.get(name)) for name in left | right}
    if isinstance(left, list) and isinstance(right, list):
        return left + right
    return right if left is None or isinstance(right, (dict, list)) else left

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Addresses, which are in access logs for long: nothing that people write is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.openapi import document
from fastbreak_service.api.parameters import filename

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOUNDED = {"enum", "format", "pattern"}


def in_addresses() -> Iterator[tuple[str, dict[str, Any]]]:
    """What each operation takes in its address."""
    for path, operations in document("1", None)["paths"].items():
        for method, operation in operations.items():
            for one in operation.get("parameters", []):
                if one["in"] != "header":
                    yield f"{method} {path} {one['name']}", one


def test_no_address_takes_a_free_text() -> None:
    free = {
        name
        for name, one in in_addresses()
        if one["schema"]["type"] == "string" and not _BOUNDED & one["schema"].keys() and not one.get("deprecated")
    }
    assert not free
    assert [name for name, one in in_addresses() if one.get("deprecated")] == ["post /v1/analyses filename"]


def request(query: str, *names: bytes) -> Request:
    headers = [(b"x-fastbreak-filename", name) for name in names]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


def test_a_name_is_told_in_a_header_and_in_the_address_by_callers_of_before() -> None:
    assert filename(request("", b"J%C3%B6rdan%20Miller%2C%2050%25.mp4")) == "J\u00f6rdan Miller, 50%.mp4"
    assert filename(request("filename=a%20b.mp4")) == "a b.mp4"
    assert filename(request("filename=a.mp4", b"..%2Fb%00.mp4")) == "b.mp4"
    assert filename(request("filename=a.mp4", b"")) is None
    assert filename(request("", b"%ff%zz")) == "\ufffd%zz"


@pytest.mark.parametrize("names", [(b"a", b"b"), (b"a b",), ("\u00f6".encode(),)])
def test_a_name_that_is_not_encoded_is_refused(names: tuple[bytes, ...]) -> None:
    with pytest.raises(ApiError) as refused:
        filename(request("", *names))
    assert (refused.value.status, refused.value.code) == (400, "bad_parameter")

"""The config of an image, which anybody may have written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.config import ConfigReading, read_config


def content(**document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("config", "reading"),
    [
        (content(created="now", config={"Labels": {"b": "2", "a": "1"}}), ((("a", "1"), ("b", "2")), "now")),
        (content(config={"Labels": {}}), ((), "")),
        (content(config={"Labels": None}), (None, "")),
        (content(config=None, created=None), (None, "")),
        (content(rootfs={"size": 7}), (None, "")),
        # A number is nothing, so that it is as if it were not there.
        (content(created=7), (None, "")),
        (b'{"created": ' + b"9" * 100_000 + b"}", (None, "")),
    ],
)
def test_labels_and_time_are_read_as_they_are_written(config: bytes, reading: tuple[Any, str]) -> None:
    assert read_config("linux/amd64", config) == ConfigReading("linux/amd64", *reading)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (b"no json", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a JSON object"),
        (content(created=["x"]), "of the wrong type"),
        (content(config="x"), "of the wrong type"),
        (content(config={"Labels": ["x"]}), "must map text to text"),
        (content(config={"Labels": {"a": 1}}), "must map text to text"),
        (content(config={"Labels": {"a": None}}), "must map text to text"),
    ],
)
def test_what_is_no_images_config_is_a_problem(config: bytes, problem: str) -> None:
    reading = read_config("linux/amd64", config)
    assert problem in reading.problem
    assert (reading.labels, reading.created) == (None, "")

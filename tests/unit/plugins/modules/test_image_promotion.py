# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `image_promotion`: what is empty is the default or an error, and never a weaker protection."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import build_request, named_images
from ansible_collections.fastbreak.aws.plugins.modules.image_promotion import CROSS_CHECKS, ENTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGEST = "sha256:" + "a" * 64
SIDES = {"source": {"registry": "a.example"}, "destination": {"registry": "b.example"}}
GATES: dict[str, Any] = {
    "vulnerabilities": {
        "mode": "required",
        "maximum": {"LOW": 0},
        "allow": [{"vulnerability": "CVE-1", "package": "libc", "reason": "unused", "expires": "2030-01-01"}],
        "wait_seconds": 5,
    },
    "labels": {"mode": "required", "required": {"team": "video"}, "revision_is_tag": True},
    "age": {"mode": "required", "minimum_hours": 1, "maximum_hours": 5},
    "signature": {
        "mode": "required",
        "identity": "i",
        "issuer": "j",
        "trusted_root": "{}",
        "predicate_type": "https://slsa.dev/provenance/v1",
    },
}
SINGLE = {
    **SIDES,
    "repository": "app",
    "tag": "1",
    "digest": DIGEST,
    "platforms": ["linux/amd64"],
    "allow_digest_change": True,
    "gates": GATES,
    "attachments": "required",
    "attest": True,
    "sign": {"private_key": "-----BEGIN PRIVATE KEY-----", "passphrase": "secret"},
    "service": "s",
    "release_table": "t",
}
SEVERAL = {
    **SIDES,
    "images": [{"repository": "app", "tag": "1", "digest": DIGEST, "platforms": ["linux/amd64"], "tags": ["a", "b"]}],
}
BYSTANDERS = ("source", "destination", "repository", "tag", "images")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def changed(options: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(options)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


def request(options: dict[str, Any]) -> Any:
    """The request that the options make, or None when they are refused."""
    checked = ArgumentSpecValidator(ENTRY.argument_spec, **CROSS_CHECKS).validate(options)
    try:
        ENTRY.refuse(options)
        if checked.error_messages:
            return None
        return build_request(checked.validated_parameters, named_images(checked.validated_parameters))
    except RequestError:
        return None


PROTECTING = [(SINGLE, path) for path in places(SINGLE) if path[0] not in BYSTANDERS]
PROTECTING += [(SEVERAL, path) for path in places(SEVERAL) if {"digest", "platforms", "tags"} & set(path)]
#: A label's empty text lets it have any value, and lists that add nothing are as good as none: both are documented.
MEANT = {("gates", "labels", "required", "team"): ("", "  "), ("gates", "vulnerabilities", "allow"): ([],)}
MEANT_MAPPINGS = [("gates",), ("gates", "labels", "required"), ("gates", "labels"), ("gates", "vulnerabilities")]


@pytest.mark.parametrize(("options", "path"), PROTECTING, ids=[".".join(map(str, path)) for _o, path in PROTECTING])
def test_an_empty_value_of_an_option_that_protects_is_refused(options: dict[str, Any], path: tuple[Any, ...]) -> None:
    assert request(options) is not None
    for empty in (None, "", "  ", [], {}):
        if empty in MEANT.get(path, ()) or (empty == {} and path in MEANT_MAPPINGS):
            continue
        assert request(changed(options, path, empty)) is None, empty


def test_a_gate_without_options_is_on_with_its_defaults() -> None:
    for name in ("vulnerabilities", "labels"):
        (gate,) = request(changed(SINGLE, ("gates",), {name: {}})).gates
        assert (gate.gate.name, gate.mode.value) == (name, "required")


@pytest.mark.parametrize("value", [1.10, 8, True, 20240101])
@pytest.mark.parametrize("name", ["tag", "digest", "destination_tag", "repository", "destination_repository"])
def test_a_number_is_no_version(name: str, value: Any) -> None:
    with pytest.raises(RequestError, match=rf"{name} is read as"):
        ENTRY.refuse({**SINGLE, name: value})
    with pytest.raises(RequestError, match=r"tags\[0\] is read as"):
        ENTRY.refuse({**SINGLE, "tags": value})
    with pytest.raises(RequestError, match=r"images\[0\]\.tags\[1\] is read as"):
        ENTRY.refuse(changed(SEVERAL, ("images", 0, "tags", 1), value))
    with pytest.raises(RequestError, match=rf"images\[0\]\.{name} is read as"):
        ENTRY.refuse(changed(SEVERAL, ("images", 0, name), value))


@pytest.mark.parametrize("count", ["1" * 5000, "\u0663", "\u00b2", "1e3", "-1", " 1", "1\n", 1.5, True, 10**9])
def test_a_limit_is_a_count_that_findings_can_reach(count: Any) -> None:
    assert request(changed(SINGLE, ("gates", "vulnerabilities", "maximum", "LOW"), count)) is None


@pytest.mark.parametrize("seconds", [0, -1, 1e300, float("inf"), float("nan")])
def test_a_timeout_is_one_that_timers_take(seconds: float) -> None:
    assert request({**SINGLE, "request_timeout_seconds": 86_400}) is not None
    assert request({**SINGLE, "request_timeout_seconds": seconds}) is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("gates",), '{"labels": {}, "vulnerabilities": {}, "vulnerabilities": {"mode": "off"}}'),
        (("gates",), '{"vulnerabilities": {"maximum": {"LOW": 0, "LOW": 9}}}'),
        (("gates",), "{'vulnerabilities': {'mode': 'required', 'mode': 'off'}}"),
        (("gates", "vulnerabilities", "maximum"), "LOW=0, LOW=9"),
    ],
)
def test_a_key_that_a_text_gives_twice_is_refused(path: tuple[str, ...], text: str) -> None:
    with pytest.raises(RequestError, match=r"gives '\w+' twice"):
        ENTRY.refuse(changed(SINGLE, path, text))


@pytest.mark.parametrize("path", [("sign", "passphrase"), ("sign", "private_key"), ("gates", "signature", "identity")])
def test_a_text_that_cannot_be_sent_is_refused_without_being_shown(path: tuple[str, ...]) -> None:
    with pytest.raises(RequestError, match=f"{path[-1]} holds bytes that are no UTF-8") as raised:
        ENTRY.refuse(changed(SINGLE, path, "s3cret\udcff"))
    assert "s3cret" not in raised.value.message

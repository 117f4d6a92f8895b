# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module's options as a request for a promotion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.docker_hub import API_HOST
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.labels import LabelPolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import build_request, named_images
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import AttachmentsMode, ImageRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import GateMode
from ansible_collections.fastbreak.aws.plugins.modules.image_promotion import CROSS_CHECKS, build_argument_spec

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import PromotionRequest

DIGEST = "sha256:" + "a" * 64
SIDES: dict[str, Any] = {"source": {"registry": "a.example"}, "destination": {"registry": "b.example"}}
ONE: dict[str, Any] = {"repository": "app", "tag": "1.0"}


def validated(**options: Any) -> Any:
    return ArgumentSpecValidator(build_argument_spec(), **CROSS_CHECKS).validate({**SIDES, **options})


def request(**options: Any) -> PromotionRequest:
    checked = validated(**options)
    assert not checked.error_messages, checked.error_messages
    return build_request(checked.validated_parameters, named_images(checked.validated_parameters))


def refusal(**options: Any) -> str:
    with pytest.raises(RequestError) as caught:
        request(**options)
    return caught.value.message


def test_options_become_a_request_with_the_documented_defaults() -> None:
    made = request(**ONE)
    assert made.images == (ImageRequest("app", "app", tag="1.0", destination_tag="1.0"),)
    assert made.gates == ()
    assert made.attachments is AttachmentsMode.REQUIRED
    assert (made.attest, made.allow_digest_change, made.service, made.concurrency) == (True, False, "", 16)


def test_an_image_can_get_another_name_and_a_digest_no_tag() -> None:
    images = [
        {"repository": "app", "tag": "1", "destination_repository": "team/app", "destination_tag": "one"},
        {"repository": "app", "digest": DIGEST, "platforms": ["linux/amd64", "linux/arm/v7"]},
    ]
    assert request(images=images).images == (
        ImageRequest("app", "team/app", tag="1", destination_tag="one"),
        ImageRequest("app", "app", digest=DIGEST, platforms=("linux/amd64", "linux/arm/v7")),
    )


def test_an_image_can_get_several_tags() -> None:
    named = request(repository="app", digest=DIGEST, tags=["1.10", "stable"])
    assert named.images == tuple(
        ImageRequest("app", "app", digest=DIGEST, destination_tag=tag) for tag in ("1.10", "stable")
    )
    several = request(images=[{"repository": "app", "tag": "1", "tags": ["2"]}, ONE])
    assert [(image.tag, image.destination_tag) for image in several.images] == [("1", "2"), ("1.0", "1.0")]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tags": []}, "tags is empty; leave it out for the tag at the source"),
        ({"tags": ["a", "a"]}, "goes to app:a, where it goes already"),
        ({"tags": ["a"], "destination_tag": "b"}, "name all tags at the destination by 'tags'"),
        ({"tags": ["a", "b/c"]}, "destination_tag: 'b/c' is no tag"),
        ({"platforms": []}, "platforms is empty"),
    ],
)
def test_tags_that_cannot_be_meant_are_refused(options: dict[str, Any], told: str) -> None:
    assert told in refusal(**ONE, **options)
    assert "images[0]: " in refusal(images=[{**ONE, **options}])


@pytest.mark.parametrize(
    ("sides", "repository", "found"),
    [
        (("docker.io", "b.example"), "alpine", ("library/alpine", "alpine")),
        (("index.docker.io", "b.example"), "docker.io/library/alpine", ("library/alpine", "library/alpine")),
        ((API_HOST, "docker.io"), "acme/app", ("acme/app", "acme/app")),
        (("a.example", "docker.io"), "app", ("app", "library/app")),
        (("a.example", "b.example"), "docker.io/app", ("docker.io/app", "docker.io/app")),
    ],
)
def test_repositories_of_docker_hub_have_whole_names(
    sides: tuple[str, str], repository: str, found: tuple[str, str]
) -> None:
    source, destination = ({"registry": side} for side in sides)
    (image,) = request(source=source, destination=destination, repository=repository, tag="1").images
    assert (image.repository, image.destination_repository) == found


def test_gates_are_configured_as_they_are_written() -> None:
    (labels,) = request(**ONE, gates={"labels": {"mode": "warn", "required": {"team": "video"}}}).gates
    assert (labels.gate.name, labels.mode) == ("labels", GateMode.WARN)
    assert labels.policy == LabelPolicy((("team", "video"),))


@pytest.mark.parametrize(
    "repository", ["../etc", "a//b", "a/../b", "/a", "a/", "A", "a b", "a%2e%2e", "a\n", "a?x=1", "a" * 256, "é"]
)
def test_a_repository_that_could_lead_elsewhere_is_refused(repository: str) -> None:
    assert "is no repository" in refusal(repository=repository, tag="1")
    assert "destination_repository: " in refusal(repository="app", tag="1", destination_repository=repository)


@pytest.mark.parametrize("tag", ["../x", "a/b", ".hidden", "-x", "a" * 129, "a b", "a@b", "a:b", "a\n"])
def test_a_tag_that_is_none_is_refused(tag: str) -> None:
    assert "is no tag" in refusal(repository="app", tag=tag)
    assert "destination_tag: " in refusal(repository="app", tag="1", destination_tag=tag)


@pytest.mark.parametrize("digest", ["sha256:x", "md5:" + "a" * 32, "sha256:" + "A" * 64, DIGEST + "\n", "sha256:"])
def test_a_digest_that_is_none_is_refused(digest: str) -> None:
    assert "is no digest" in refusal(repository="app", digest=digest)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"repository": "app"}, "without 'tag' and 'digest'"),
        ({"images": []}, "no image is named"),
        ({**ONE, "platforms": ["linux"]}, "is no platform"),
        ({**ONE, "platforms": ["linux/amd64", "linux/amd64"]}, "names one twice"),
        ({"images": [ONE, {**ONE, "digest": DIGEST}]}, "images[1]: goes to app:1.0, where images[0] goes already"),
        ({**ONE, "concurrency": 0}, "must be 1 to 64"),
        ({**ONE, "concurrency": 1000}, "must be 1 to 64"),
        ({**ONE, "chunk_bytes": 1}, "chunk_bytes is 1"),
        ({**ONE, "request_timeout_seconds": 0}, "must be above 0"),
    ],
)
def test_what_cannot_be_promoted_is_refused(options: dict[str, Any], told: str) -> None:
    assert told in refusal(**options)


def test_all_that_is_wrong_is_said_at_once() -> None:
    message = refusal(repository="App", tag="a b", concurrency=0, gates={"age": {}})
    assert [f"({number})" in message for number in (1, 2, 3, 4)] == [True] * 4


@pytest.mark.parametrize(
    "options",
    [
        {},
        {**ONE, "images": [ONE]},
        {**ONE, "promotion_file": "x"},
        {"images": [ONE], "digest": DIGEST},
        {**ONE, "service": "web"},
        {**ONE, "release_table": "t"},
        {**ONE, "gates": {"vulnerabilities": {"allow": [{"vulnerability": "CVE-1"}]}}},
        {**ONE, "gates": {"labels": {"mode": "maybe"}}},
        {**ONE, "source": {}},
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any]) -> None:
    assert validated(**options).error_messages


@pytest.mark.parametrize("written", ["a.example/app", "A.example/app", "https://a.example/app", "a.example:443/app"])
@pytest.mark.parametrize("registry", ["a.example", "a.example:443"])
def test_a_repository_that_repeats_its_registry_is_told(written: str, registry: str) -> None:
    there = {"registry": registry}
    assert f"repeats the registry {registry}; write app" in refusal(source=there, repository=written, tag="1")
    told = f"repeats the registry {registry}; give destination_repository: app"
    elsewhere = {"registry": "c.example"}
    assert told in refusal(source=elsewhere, destination=there, repository=written, tag="1")
    named = refusal(destination=there, repository="app", destination_repository=written, tag="1")
    assert f"destination_repository {written!r} repeats the registry {registry}; write app" in named
    assert "images[0]: repository " in refusal(source=there, images=[{"repository": written, "tag": "1"}])


def test_a_repository_may_be_called_as_another_registry() -> None:
    (image,) = request(repository="ghcr.io/team/app", tag="1").images
    assert (image.repository, image.destination_repository) == ("ghcr.io/team/app", "ghcr.io/team/app")
    (cached,) = request(source={"registry": "ghcr.io"}, repository="ghcr", tag="1").images
    assert cached.repository == "ghcr"

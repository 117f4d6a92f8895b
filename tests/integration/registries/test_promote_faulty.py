# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our flow and our client against a registry that fails: no tag names incomplete content, and a new run ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, OperationError, RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import MANIFEST_LIMIT_BYTES
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import AttachmentsMode, ImageRequest

from tests.integration.registries.promote_case import DESTINATION, SOURCE, TAG, Promoter, push_sample
from tests.registries.faulty import FaultyRegistry
from tests.registries.images import make_image, make_index, make_referrer, push

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITES = ("POST", "PATCH", "PUT")


@pytest.fixture
def source() -> Iterator[FaultyRegistry]:
    with FaultyRegistry() as registry:
        yield registry


@pytest.fixture
def destination() -> Iterator[FaultyRegistry]:
    with FaultyRegistry() as registry:
        yield registry


@pytest.fixture
def promoter(source: FaultyRegistry, destination: FaultyRegistry, tmp_path: Path) -> Promoter:
    return Promoter(source, destination, tmp_path / "uploads")


def _tag(registry: FaultyRegistry, repository: str = DESTINATION, tag: str = TAG) -> str | None:
    found = registry.store.find_manifest(repository, tag)
    return found[0] if found else None


def _is_complete(registry: FaultyRegistry) -> bool:
    return registry.store.incomplete() == []


FAULTS: list[dict[str, Any]] = [
    {"status": 500, "times": None},
    {"status": 403, "times": None},
    {"cut_request_after": 10, "times": None},
    {"status": 500, "after": True, "times": None},
]


@pytest.mark.parametrize("fault", FAULTS, ids=["500", "403", "cut", "answers lost"])
@pytest.mark.parametrize("api", [True, False], ids=["referrers", "fallback"])
def test_whatever_write_fails_no_tag_is_incomplete_and_a_new_run_completes(
    source: FaultyRegistry, tmp_path: Path, fault: dict[str, Any], api: bool
) -> None:
    index = push_sample(source.host)
    skip, failed = 0, True
    while failed:
        with FaultyRegistry() as destination:
            destination.referrers_api = destination.subject_header = api
            promoter = Promoter(source, destination, tmp_path / str(skip))
            for method in WRITES:
                # Each kind of write passes so many times, then no longer.
                destination.fault(method, "", skip=skip, **fault)
            failed = _fails(promoter)
            assert _is_complete(destination)
            assert failed or destination.store.find_manifest(DESTINATION, TAG)
            destination.clear()
            promoter.run()
            assert _tag(destination) == index.digest
            assert _is_complete(destination)
            assert not promoter.run().changed
            skip += 1
    assert skip > 5


def _fails(promoter: Promoter) -> bool:
    try:
        promoter.run()
    except FastbreakError as error:
        return _says_how_to_go_on(str(error))
    return False


def _says_how_to_go_on(message: str) -> bool:
    assert "Run again to go on" in message
    return True


@pytest.mark.parametrize(
    ("path", "lie"),
    [
        ("/blobs/sha256", {"answer_body": b"other bytes"}),
        ("/blobs/sha256", {"cut_response_after": 5}),
        ("/manifests/sha256", {"answer_body": b"{}"}),
        ("/manifests/1.4.2", {"answer_headers": {"Docker-Content-Digest": "sha256:" + "0" * 64}}),
        ("/manifests/1.4.2", {"answer_body": b" " * (MANIFEST_LIMIT_BYTES + 1)}),
        ("/manifests/1.4.2", {"answer_headers": {"Content-Type": "../../../etc/passwd"}}),
    ],
)
def test_a_source_that_lies_gets_no_tag(
    source: FaultyRegistry, destination: FaultyRegistry, promoter: Promoter, path: str, lie: dict[str, Any]
) -> None:
    push_sample(source.host)
    source.fault("GET", path, times=None, **lie)
    with pytest.raises(FastbreakError):
        promoter.run()
    assert _tag(destination) is None
    assert _is_complete(destination)


def test_a_source_tag_that_moves_while_blobs_are_copied_is_found(
    source: FaultyRegistry, destination: FaultyRegistry, promoter: Promoter
) -> None:
    index = push_sample(source.host)
    other = make_image([5], seed=9)
    push(source.host, SOURCE, other)

    def move(_request: object) -> None:
        source.store.tags[SOURCE, TAG] = other.digest

    destination.fault("PUT", f"/manifests/{index.digest}", hook=move)
    with pytest.raises(OperationError, match="No tag was written") as caught:
        promoter.run()
    assert index.digest in str(caught.value)
    assert other.digest in str(caught.value)
    assert _tag(destination) is None


@pytest.mark.parametrize("immutable", [True, False])
def test_another_image_under_the_tag_in_the_last_moment_is_told_by_both_digests(
    source: FaultyRegistry, destination: FaultyRegistry, promoter: Promoter, immutable: bool
) -> None:
    index = push_sample(source.host)
    other = make_image([5], seed=9)
    push(destination.host, DESTINATION, other)
    destination.store.immutable = immutable

    def take(_request: object) -> None:
        destination.store.tags[DESTINATION, TAG] = other.digest

    if immutable:
        destination.fault("PUT", f"/manifests/{TAG}", hook=take)
    else:
        # The first asks what is there before anything is written.
        destination.fault("GET", f"/manifests/{TAG}", skip=1, hook=take)
    with pytest.raises(FastbreakError) as caught:
        promoter.run()
    assert index.digest in str(caught.value)
    assert other.digest in str(caught.value)
    assert promoter.world.lines == []


def test_a_registry_that_refuses_referrers_is_told_or_only_warned_of(
    source: FaultyRegistry, destination: FaultyRegistry, promoter: Promoter
) -> None:
    index = push_sample(source.host)
    destination.refuse_subject = True
    destination.referrers_api = False
    with pytest.raises(OperationError, match="No tag was written"):
        promoter.run()
    assert _tag(destination) is None
    result = promoter.run(attachments=AttachmentsMode.WARN)
    assert _tag(destination) == index.digest
    assert len(result.images[0].warnings) == 2


def test_nothing_to_do_is_two_requests_a_manifest_and_one_a_blob(
    source: FaultyRegistry, destination: FaultyRegistry, promoter: Promoter
) -> None:
    push_sample(source.host)
    promoter.run()
    source.clear()
    destination.clear()
    assert not promoter.run().changed
    assert source.count("", "/blobs/") == 0
    assert destination.count("HEAD", "/blobs/") == destination.count("", "/blobs/") == len(destination.store.blobs)
    manifests = source.count("", "/manifests/") + destination.count("", "/manifests/")
    assert manifests <= 2 * 4
    assert source.count("", "/tags/list") == 1
    assert source.count("", "/referrers/") == 4
    assert destination.count("", "/referrers/") == 1


@pytest.mark.parametrize("how", ["lost", "cut short"])
def test_what_the_destination_lost_is_sent_again(
    source: FaultyRegistry, destination: FaultyRegistry, promoter: Promoter, how: str
) -> None:
    push_sample(source.host)
    promoter.run()
    for key, content in list(destination.store.blobs.items()):
        if how == "lost":
            del destination.store.blobs[key]
        else:
            destination.store.blobs[key] = content[:-1]
        assert promoter.run(check_mode=True).changed
        assert promoter.run().changed
        assert destination.store.blobs.get(key) in {content, None}
        assert _is_complete(destination)
        assert not promoter.run().changed


def test_check_mode_sends_nothing(
    source: FaultyRegistry, destination: FaultyRegistry, promoter: Promoter, tmp_path: Path
) -> None:
    push_sample(source.host)
    assert promoter.run(check_mode=True).changed
    assert [destination.count(method) for method in WRITES] == [0, 0, 0]
    assert not [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]


def test_many_images_share_blobs_and_one_that_fails_leaves_no_tag_at_all(
    source: FaultyRegistry, destination: FaultyRegistry, promoter: Promoter
) -> None:
    images = [make_image([1_000, 2_000 + number]) for number in range(5)]
    for number, image in enumerate(images):
        push(source.host, SOURCE, image, tag=str(number))
    asked = [ImageRequest(SOURCE, DESTINATION, str(number), "", str(number)) for number in range(5)]
    destination.fault("PUT", f"/manifests/{images[4].digest}", status=403, times=None)
    with pytest.raises(FastbreakError, match="No tag was written"):
        promoter.run(*asked)
    assert destination.store.tags == {}
    destination.clear()
    promoter.run(*asked)
    assert [_tag(destination, tag=str(number)) for number in range(5)] == [image.digest for image in images]
    shared = images[0].blobs[1].digest
    assert source.count("GET", f"/blobs/{shared}") == 1


def test_an_index_too_deep_is_refused(source: FaultyRegistry, promoter: Promoter) -> None:
    deep = make_image([10])
    for _level in range(9):
        deep = make_index({"": deep})
    push(source.host, SOURCE, deep, tag=TAG)
    with pytest.raises(RefusedError, match="more than 8 deep"):
        promoter.run()


def test_a_referrer_of_an_index_in_an_index_goes_along(
    source: FaultyRegistry, destination: FaultyRegistry, promoter: Promoter
) -> None:
    inner = make_index({"linux/amd64": make_image([10])})
    push(source.host, SOURCE, make_index({"": inner}), tag=TAG)
    sbom = make_referrer(inner, "application/spdx+json", b"{}")
    push(source.host, SOURCE, sbom)
    promoter.run()
    assert destination.store.find_manifest(DESTINATION, sbom.digest)

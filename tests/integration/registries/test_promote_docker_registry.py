# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Promotions between two of Debian's docker-registry, which has no referrers API, with skopeo as a witness."""

from __future__ import annotations

import hashlib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RefusedError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import ImageRequest

from tests.integration.registries.promote_case import DESTINATION, SOURCE, SPDX, TAG, Promoter
from tests.registries.docker_registry import DockerRegistry
from tests.registries.images import OCI_INDEX, Made, make_image, make_index, make_referrer, push

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import PromotionResult


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DockerRegistry, DockerRegistry]]:
    folder = tmp_path_factory.mktemp("registries")
    with DockerRegistry(folder / "source") as source, DockerRegistry(folder / "destination") as destination:
        yield source, destination


@pytest.fixture
def promoter(registries: tuple[DockerRegistry, DockerRegistry], tmp_path: Path) -> Promoter:
    return Promoter(*registries, tmp_path / "uploads")


def _skopeo(*arguments: str) -> bytes:
    return subprocess.run(["skopeo", *arguments], check=True, capture_output=True).stdout


def _raw(host: str, repository: str, reference: str) -> bytes:
    mark = "@" if ":" in reference else ":"
    return _skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{host}/{repository}{mark}{reference}")


def _push_index(promoter: Promoter, repository: str, *, docker: bool = False, seed: int = 0) -> Made:
    platforms = ("linux/amd64", "linux/arm64", "linux/arm/v7")
    images = {
        platform: make_image([1_000, 100_000 + number], seed=seed, docker=docker, platform=platform)
        for number, platform in enumerate(platforms)
    }
    index = make_index(images, docker=docker)
    push(promoter.source.host, repository, index, tag=TAG)
    return index


def _fallback(promoter: Promoter, repository: str, subject: Made, referrer: Made) -> None:
    """The index of referrers as the specification has clients of such a registry write it."""
    push(promoter.source.host, repository, referrer)
    entry = referrer.descriptor(artifactType=referrer.artifact_type)
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    content = json.dumps(index).encode()
    push(promoter.source.host, repository, Made(content, OCI_INDEX), tag=subject.digest.replace(":", "-"))


@pytest.mark.parametrize("docker", [True, False], ids=["Docker schema 2", "OCI"])
def test_an_index_with_what_belongs_to_it_arrives_as_it_is(promoter: Promoter, docker: bool) -> None:
    repository = f"dev/{'docker' if docker else 'oci'}"
    goal = repository.replace("dev", "prod")
    index = _push_index(promoter, repository, docker=docker)
    sbom = make_referrer(index, SPDX, b"{}")
    _fallback(promoter, repository, index, sbom)
    asked = ImageRequest(repository, goal, TAG, "", TAG)
    result = promoter.run(asked)
    assert _raw(promoter.destination.host, goal, TAG) == index.content
    assert _raw(promoter.destination.host, goal, index.children[2].digest) == index.children[2].content
    listed = json.loads(_raw(promoter.destination.host, goal, index.digest.replace(":", "-")))["manifests"]
    assert [item["digest"] for item in listed] == [sbom.digest, result.images[0].attestation]
    assert not promoter.run(asked).changed
    # Every blob can be read and is what it says: skopeo checks while it copies.
    target = f"dir:{promoter.folder.parent}/copy"
    source = f"docker://{promoter.destination.host}/{goal}:{TAG}"
    _skopeo("copy", "--quiet", "--all", "--preserve-digests", "--src-tls-verify=false", source, target)


def test_what_skopeo_copied_before_is_not_copied_again(promoter: Promoter) -> None:
    index = _push_index(promoter, "dev/half", seed=3)
    source = f"docker://{promoter.source.host}/dev/half@{index.children[0].digest}"
    target = f"docker://{promoter.destination.host}/prod/half:other"
    _skopeo(
        "copy", "--quiet", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false", source, target
    )
    result = promoter.run(ImageRequest("dev/half", "prod/half", TAG, "", TAG))
    assert index.children[0].digest not in [step.manifest.digest for step in result.plan.images[0].manifests]
    assert result.images[0].blobs_copied == 4  # of two images, each its config and its own layer
    assert _raw(promoter.destination.host, "prod/half", TAG) == index.content


def test_two_promotions_of_one_tag_at_once_end_with_one_of_them(promoter: Promoter) -> None:
    for seed, repository in ((11, "dev/left"), (12, "dev/right")):
        _push_index(promoter, repository, seed=seed)
    asked = [ImageRequest(item, "prod/race", TAG, "", TAG) for item in ("dev/left", "dev/right")]
    racing = Promoter(promoter.source, promoter.destination, promoter.folder, SystemClock())
    racing.meeting = Barrier(len(asked))

    def promote(wanted: ImageRequest) -> str:
        try:
            return racing.run(wanted, service="").images[0].plan.source.digest
        except FastbreakError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(promote, asked))
    there = f"sha256:{hashlib.sha256(_raw(promoter.destination.host, 'prod/race', TAG)).hexdigest()}"
    refused = [end for end in ended if not end.startswith("sha256:")]
    assert len(refused) == 1
    assert there in refused[0]
    assert [end for end in ended if end.startswith("sha256:")] == [there]


@pytest.mark.parametrize("turn", range(5))
def test_promotions_of_one_image_at_once_all_succeed_and_lose_nothing(promoter: Promoter, turn: int) -> None:
    source, goal = f"dev/twice{turn}", f"prod/twice{turn}"
    index = _push_index(promoter, source, seed=21 + turn)
    sbom = make_referrer(index, SPDX, b"{}")
    _fallback(promoter, source, index, sbom)
    asked = ImageRequest(source, goal, TAG, "", TAG)

    def promote(number: int) -> PromotionResult:
        """By somebody of their own, so that each attests something else."""
        other = Promoter(promoter.source, promoter.destination, promoter.folder / str(number), SystemClock())
        other.world.lines = promoter.world.lines
        other.world.caller = lambda: f"user{number}"  # type: ignore[method-assign]
        return other.run(asked)

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(promote, range(4)))
    assert all(end.images[0].plan.source.digest == index.digest for end in ended)
    assert _raw(promoter.destination.host, goal, TAG) == index.content
    listed = json.loads(_raw(promoter.destination.host, goal, index.digest.replace(":", "-")))["manifests"]
    attestations = {end.images[0].attestation for end in ended} - {""}
    assert {sbom.digest, *attestations} == {item["digest"] for item in listed}
    assert not promoter.run(asked).changed


def test_an_image_under_several_tags_is_sent_once(promoter: Promoter) -> None:
    index = _push_index(promoter, "dev/tags", seed=61)
    asked = [ImageRequest("dev/tags", "prod/tags", TAG, "", tag) for tag in ("1.10", "stable")]
    result = promoter.run(*asked)
    assert [_raw(promoter.destination.host, "prod/tags", tag) for tag in ("1.10", "stable")] == [index.content] * 2
    assert [image.blobs_copied for image in result.images] == [7, 0]
    assert not promoter.run(*asked).changed
    assert promoter.run(*asked, ImageRequest("dev/tags", "prod/tags", TAG, "", "third")).images[2].blobs_copied == 0


def test_a_subset_of_platforms_is_an_index_that_skopeo_reads(promoter: Promoter) -> None:
    _push_index(promoter, "dev/subset", seed=31)
    asked = ImageRequest("dev/subset", "prod/subset", TAG, "", TAG, ("linux/arm64",))
    result = promoter.run(asked, allow_digest_change=True)
    document = json.loads(_raw(promoter.destination.host, "prod/subset", TAG))
    assert [manifest["platform"]["architecture"] for manifest in document["manifests"]] == ["arm64"]
    assert result.images[0].blobs_copied == 3
    assert not promoter.run(asked, allow_digest_change=True).changed


def test_another_repository_of_the_same_registry_gets_mounts(promoter: Promoter) -> None:
    _push_index(promoter, SOURCE, seed=41)
    same = Promoter(promoter.source, promoter.source, promoter.folder)
    result = same.run(ImageRequest(SOURCE, "prod/mounted", TAG, "", TAG))
    assert (result.images[0].blobs_copied, result.images[0].bytes_copied) == (0, 0)
    assert result.images[0].blobs_mounted == 7  # three configs, three own layers and their common one
    assert not same.run(ImageRequest(SOURCE, "prod/mounted", TAG, "", TAG)).changed


def test_a_tag_with_another_image_stays(promoter: Promoter) -> None:
    _push_index(promoter, SOURCE, seed=51)
    other = make_image([7], seed=52)
    push(promoter.destination.host, DESTINATION, other, tag=TAG)
    with pytest.raises(RefusedError, match="a tag never moves"):
        promoter.run()
    assert _raw(promoter.destination.host, DESTINATION, TAG) == other.content


def _kept(registry: DockerRegistry, digest: str) -> Path:
    """Where the registry keeps a blob's bytes."""
    encoded = digest.partition(":")[2]
    return registry.folder / "data/docker/registry/v2/blobs/sha256" / encoded[:2] / encoded / "data"


def test_a_layer_that_the_registry_lost_is_sent_again(promoter: Promoter, tmp_path: Path) -> None:
    repository = "lost/whole"
    index = _push_index(promoter, repository, seed=40)
    asked = ImageRequest(repository, repository, TAG, "", TAG)
    promoter.run(asked)
    layer = index.children[0].blobs[2]
    _kept(promoter.destination, layer.digest).unlink()
    predicted = promoter.run(asked, check_mode=True)
    assert predicted.changed
    assert predicted.images[0].blobs_copied == 1
    assert promoter.run(asked).images[0].bytes_copied == layer.size
    goal = f"docker://{promoter.destination.host}/{repository}:{TAG}"
    _skopeo("copy", "--all", "--src-tls-verify=false", goal, f"dir:{tmp_path / 'pulled'}")
    assert not promoter.run(asked).changed


def test_a_layer_that_the_registry_keeps_broken_is_told(promoter: Promoter) -> None:
    repository = "lost/end"
    index = _push_index(promoter, repository, seed=50)
    asked = ImageRequest(repository, repository, TAG, "", TAG)
    promoter.run(asked)
    layer = index.children[0].blobs[2]
    kept = _kept(promoter.destination, layer.digest)
    kept.write_bytes(kept.read_bytes()[:-1])
    assert promoter.run(asked, check_mode=True).changed
    # docker-registry does not write again what it has under a digest.
    with pytest.raises(OperationError, match=f"{layer.digest} is not there with its {layer.size} bytes.*deleted there"):
        promoter.run(asked)

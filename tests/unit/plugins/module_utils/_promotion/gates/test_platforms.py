"""Which images of an index are judged."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import OCI_INDEX, OCI_MANIFEST
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor, Manifest, RawManifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.platforms import platform_images


def manifest(name: str, *, children: tuple[Descriptor, ...] = (), layers: tuple[str, ...] = ("layer",)) -> Manifest:
    digest = "sha256:" + name * (64 // len(name))
    kind = OCI_INDEX if children else OCI_MANIFEST
    return Manifest(
        RawManifest(b"{}", digest, kind),
        config=None if children else Descriptor(digest, 2, "application/vnd.oci.image.config.v1+json"),
        layers=() if children else tuple(Descriptor(digest, 1, media_type) for media_type in layers),
        children=children,
    )


def child(of: Manifest, platform: str) -> Descriptor:
    return Descriptor(of.digest, 2, of.raw.media_type, platform=platform)


def test_the_images_of_an_index_are_judged_and_its_attestations_are_not() -> None:
    amd, arm = manifest("1"), manifest("2")
    attestation = manifest("3", layers=("application/vnd.in-toto+json",))
    inner = manifest("4", children=(child(arm, "linux/arm64"), child(amd, "linux/amd64")))
    root = manifest(
        "5",
        children=(child(amd, "linux/amd64"), child(attestation, "unknown/unknown"), child(inner, "")),
    )
    found = platform_images(root, (amd, arm, attestation, inner, root))
    assert [(image.platform, image.digest) for image in found] == [
        ("linux/amd64", amd.digest),
        ("linux/arm64", arm.digest),
    ]


@pytest.mark.parametrize(
    ("platform", "layers"),
    [
        ("unknown/unknown", ()),
        ("unknown/unknown", ("application/vnd.in-toto+json", "application/vnd.oci.image.layer.v1.tar")),
        ("linux/amd64", ("application/vnd.in-toto+json",)),
        ("", ("application/vnd.in-toto+json",)),
    ],
)
def test_what_could_run_is_judged_whatever_platform_it_claims(platform: str, layers: tuple[str, ...]) -> None:
    hidden = manifest("1", layers=layers)
    root = manifest("2", children=(child(hidden, platform),))
    assert [image.digest for image in platform_images(root, (hidden, root))] == [hidden.digest]


def test_an_image_that_was_not_read_is_judged_all_the_same() -> None:
    missing = manifest("1")
    (found,) = platform_images(manifest("2", children=(child(missing, "linux/\narm64"),)), ())
    assert found.manifest is None
    assert str(found) == "linux/?arm64 (sha256:111111111111)"


def test_an_index_that_names_itself_has_no_images() -> None:
    looped = manifest("2", children=(Descriptor("sha256:" + "2" * 64, 2, OCI_INDEX),))
    assert platform_images(looped, (looped,)) == ()

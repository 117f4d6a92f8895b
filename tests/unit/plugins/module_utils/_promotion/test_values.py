# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the values of a promotion say of themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import (
    Attachment,
    BlobStep,
    ImagePlan,
    PromotionPlan,
    SourceImage,
    TagStep,
)

from tests.unit.plugins.module_utils._oci import samples
from tests.unit.plugins.module_utils._promotion.case import ASKED, image_of
from tests.unit.plugins.module_utils._promotion.fakes import Repository


def test_an_image_names_what_was_read_and_what_only_an_index_names_with_its_root_last() -> None:
    shelf = Repository()
    read, unread = samples.image(shelf, "a"), samples.image(shelf, "b")
    root = parse_manifest(samples.index(shelf, [(read, ""), (unread, "")]))
    image = SourceImage(ASKED, root, (parse_manifest(read), root))
    assert image.named == (unread.digest, read.digest, root.digest)
    assert replace(image, manifests=(root,)).named == (read.digest, unread.digest, root.digest)


def test_attached_are_parts_before_what_names_them() -> None:
    shelf = Repository()
    part = samples.image(shelf, "part")
    whole = samples.index(shelf, [(part, "")])
    attachment = Attachment("sbom", "sha256:x", parse_manifest(whole), "", (parse_manifest(part),))
    image = replace(image_of("a"), attachments=(attachment,))
    assert [manifest.digest for manifest in image.attached] == [part.digest, whole.digest]
    assert attachment.as_data() == {"kind": "sbom", "digest": whole.digest, "subject": "sha256:x", "tag": ""}


BLOB = BlobStep(Descriptor("sha256:b", 7, "x"), "dev/app", "prod/app")
SOURCE = image_of("a")


@pytest.mark.parametrize(
    ("image", "changed"),
    [
        (ImagePlan(SOURCE), False),
        (ImagePlan(SOURCE, attestation="sha256:x", warnings=("w",), present_blobs=(BLOB.descriptor,)), False),
        (ImagePlan(SOURCE, blobs=(BLOB,)), True),
        (ImagePlan(SOURCE, tag=TagStep(Address("prod/app", "1"), SOURCE.root)), True),
        (ImagePlan(SOURCE, attachment_tags=(TagStep(Address("prod/app", "1"), SOURCE.root),)), True),
        (ImagePlan(SOURCE, attest=True), True),
        (ImagePlan(SOURCE, record=True), True),
    ],
)
def test_a_plan_changes_something_when_anything_is_written(image: ImagePlan, changed: bool) -> None:
    assert image.changed is changed
    assert PromotionPlan((ImagePlan(SOURCE), image)).changed is changed


def test_what_is_mounted_is_not_copied() -> None:
    mounted = replace(BLOB, mount_from="dev/app")
    assert ImagePlan(SOURCE, blobs=(BLOB, mounted)).bytes_to_copy == 7

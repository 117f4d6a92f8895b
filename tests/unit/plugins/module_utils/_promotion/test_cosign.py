# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where cosign keeps what it attaches."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.cosign import cosign_tags


def test_cosigns_tags_are_made_of_the_digest() -> None:
    name = "sha256-" + "a" * 64
    assert [(each.tag, each.kind) for each in cosign_tags("sha256:" + "a" * 64)] == [
        (f"{name}.sig", "signature"),
        (f"{name}.att", "attestation"),
        (f"{name}.sbom", "sbom"),
    ]

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a run is with an image, and what it reports of that."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.progress import ImageProgress
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import ImageOutcome

from tests.unit.plugins.module_utils._promotion.case import image_of, planned


def test_an_outcome_tells_all_that_was_done() -> None:
    plan = planned(image_of("a")).images[0]
    image = ImageProgress(plan, copied=1, mounted=2, bytes_sent=3, bytes_resumed=4, attestation="sha256:x")
    image.warnings.append("the destination refused it")
    assert image.outcome(5.0) == ImageOutcome(
        plan,
        blobs_copied=1,
        blobs_mounted=2,
        bytes_copied=3,
        bytes_resumed=4,
        attestation="sha256:x",
        warnings=("the destination refused it",),
        seconds=5.0,
    )

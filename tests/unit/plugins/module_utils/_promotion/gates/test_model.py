# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the platforms of an image say together."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.model import Judgement, of_platforms

PASSES = Judgement(Verdict.HEALTHY, "amd64: fine")
FAILS = Judgement(Verdict.UNHEALTHY, "arm64: bad")
UNKNOWN = Judgement(Verdict.INCONCLUSIVE, "s390x: not known")


@pytest.mark.parametrize(
    ("judged", "show_passing", "whole"),
    [
        ((), False, Judgement(Verdict.INCONCLUSIVE, "there is no image in it")),
        ((PASSES, PASSES), False, Judgement(Verdict.HEALTHY, "amd64: fine; amd64: fine")),
        ((PASSES, FAILS, UNKNOWN), False, Judgement(Verdict.UNHEALTHY, "arm64: bad; s390x: not known")),
        ((PASSES, FAILS), True, Judgement(Verdict.UNHEALTHY, "arm64: bad; amd64: fine")),
        ((PASSES, UNKNOWN), False, Judgement(Verdict.INCONCLUSIVE, "s390x: not known")),
    ],
)
def test_the_gravest_verdict_counts_and_what_does_not_pass_is_said_first(
    judged: tuple[Judgement, ...], show_passing: bool, whole: Judgement
) -> None:
    assert of_platforms(judged, show_passing=show_passing) == whole


def test_no_more_than_ten_images_are_named() -> None:
    seen = of_platforms([PASSES] * 20 + [FAILS], show_passing=True).seen
    assert seen.startswith("arm64: bad; amd64: fine; ")
    assert seen.endswith("; and 11 more images")

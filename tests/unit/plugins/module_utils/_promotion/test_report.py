# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a promotion says of itself, from values alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import (
    Hosts,
    diff,
    gate_refusal,
    human_bytes,
    progress_line,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.values import (
    PromotionPlan,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import (
    GateMode,
    GateResult,
)

from tests.unit.plugins.module_utils._promotion.case import image_of, planned

HOSTS = Hosts("dev.example", "prod.example")


def test_the_diff_says_what_is_written_and_what_the_gates_found() -> None:
    made = planned(image_of("a" * 1500))
    gate = GateResult("age", GateMode.WARN, Verdict.UNHEALTHY, "1 hour", "24 hours")
    judged = PromotionPlan((replace(made.images[0], gates=(gate,)),))
    said = diff(judged, HOSTS)
    assert said["before"] == "prod.example/prod/app:1 -> nothing\n"
    assert "gate age (warn): UNHEALTHY, 1 hour; expected 24 hours" in said["after"]
    assert " 1.5 kB application/vnd.oci.image.layer.v1.tar+zstd" in said["after"]
    assert said["after"].index("write manifest") < said["after"].index("write tag 1 ->")
    assert gate_refusal(judged, HOSTS) == ""
    required = replace(gate, mode=GateMode.REQUIRED)
    text = gate_refusal(PromotionPlan((replace(made.images[0], gates=(required, required)),)), HOSTS)
    assert text.count("is stopped by its gate age") == 2
    assert text.endswith("Mend what the gates found, then run again.")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (340_200_000, "340.2 MB"),
        (5 * 10**21, "5000.0 EB"),
    ],
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert human_bytes(count) == text


def test_progress_is_layers_bytes_and_rate() -> None:
    line = progress_line(blobs=(3, 9), sent=(120_000_000, 340_200_000), seconds=1.5)
    assert line == "copied 3 of 9 layers, 120.0 MB of 340.2 MB, 80.0 MB/s"
    assert progress_line(blobs=(0, 1), sent=(0, 1), seconds=0.0) == "copied 0 of 1 layer, 0 B of 1 B"

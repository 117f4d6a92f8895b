# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of metrics against botocore's model."""

from __future__ import annotations

import botocore.session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.metrics import MARK, METRICS


def test_every_metric_is_one_of_aws_and_bears_our_mark() -> None:
    model = botocore.session.get_session().get_service_model("application-autoscaling")
    known = model.shape_for("MetricType").metadata["enum"]
    for metric in METRICS:
        assert metric.of_backlog or metric.kind in known
        assert metric.policy.startswith(MARK)
        assert 0 <= metric.default <= metric.most
    for column in ("option", "policy", "kind"):
        assert len({getattr(metric, column) for metric in METRICS}) == len(METRICS)

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The pipelines of every account and region."""

import threading

from sandbox.ministack import responses
from sandbox.services.codepipeline.model.declaration import Refusal
from sandbox.services.codepipeline.model.executions import Pipeline

LOCK = threading.RLock()
"""Held by whoever reads or changes a pipeline."""
PIPELINES: dict[tuple[str, str, str], Pipeline] = {}
"""By account, region and name."""


def scope() -> tuple[str, str]:
    """The account and region being served."""
    return responses.get_account_id(), responses.get_region()


def here() -> list[Pipeline]:
    """The pipelines of the account and region being served, by name."""
    return [pipeline for key, pipeline in sorted(PIPELINES.items()) if key[:2] == scope()]


def pipeline_of(name: str) -> Pipeline:
    """PipelineNotFoundException when there is none."""
    found = PIPELINES.get((*scope(), name))
    if found is None:
        account = responses.get_account_id()
        raise Refusal("PipelineNotFoundException", f"Account '{account}' does not have a pipeline with name '{name}'")
    return found


def arn_of(name: str, *parts: str) -> str:
    """The ARN of the pipeline, of a stage of it or of an action."""
    account, region = scope()
    return f"arn:aws:codepipeline:{region}:{account}:{'/'.join((name, *parts))}"


def forget() -> None:
    """Forget every pipeline."""
    with LOCK:
        PIPELINES.clear()

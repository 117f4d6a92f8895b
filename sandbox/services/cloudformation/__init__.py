# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation: the engine itself. The resource types are their services', each in its `cloudformation`.

Every type makes the emulator's real resource through the emulator's own API, so that it can be described, changed,
found to have drifted, and deleted like a resource made by hand.
"""

from sandbox.host import Sandbox
from sandbox.services.cloudformation.api import (
    conditions,
    drift_detection,
    drift_reversal,
    durations,
    sentences,
    service_role,
    stack_events,
    stack_policy,
    teaching,
    whole_answers,
)
from sandbox.services.cloudformation.model.service_role import forget as forget_roles
from sandbox.services.cloudformation.model.stack_policy import forget as forget_overrides


def install(sandbox: Sandbox) -> None:
    """Change MiniStack's engine."""
    teaching.install()
    conditions.install()
    drift_detection.install()
    drift_reversal.install()
    stack_policy.install()
    service_role.install()
    stack_events.install()
    sentences.install()
    whole_answers.install()
    durations.install()
    sandbox.on_reset(forget_overrides)
    sandbox.on_reset(forget_roles)
    sandbox.on_reset(drift_reversal.forget)
    sandbox.on_reset(stack_events.forget)

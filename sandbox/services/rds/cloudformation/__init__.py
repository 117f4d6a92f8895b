# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""RDS in CloudFormation: instances that are real databases, event subscriptions, the drift of groups."""

from sandbox.services.cloudformation.model.types import Resources
from sandbox.services.rds.cloudformation import event_subscription, groups, instance

RESOURCES = Resources(types=(*instance.TYPES, *event_subscription.TYPES), drift_readers=groups.READERS)

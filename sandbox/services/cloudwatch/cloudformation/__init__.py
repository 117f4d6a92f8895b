# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of CloudWatch."""

from sandbox.services.cloudformation.model.types import Resources
from sandbox.services.cloudwatch.cloudformation import alarms, dashboard

RESOURCES = Resources(types=alarms.TYPES, drift_readers=dashboard.READERS)

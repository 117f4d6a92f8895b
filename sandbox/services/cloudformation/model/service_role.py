# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The service role that a stack was last operated with. AWS: CloudFormation user guide, service role."""

from dataclasses import dataclass
from operator import itemgetter

from sandbox.services.cloudformation.model.stack_policy import holds_stack
from sandbox.side_table import SideTable


@dataclass
class ServiceRole:
    """A stack's role; empty for none."""

    arn: str = ""


_ROLES = SideTable(itemgetter("StackId"), holds_stack, ServiceRole)
role_of = _ROLES.of
forget = _ROLES.clear

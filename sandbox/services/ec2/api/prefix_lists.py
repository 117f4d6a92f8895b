# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The ids of CloudFront's prefix list as inventories name them. MiniStack makes up an id for each list of AWS."""

from collections.abc import Callable

from sandbox.ministack import ec2, responses

ORIGIN_FACING = "com.amazonaws.global.cloudfront.origin-facing"
#: Other regions keep the id that MiniStack makes up.
IDS = {"us-east-1": "pl-3b927c52", "eu-west-1": "pl-4fa04526"}


def install() -> None:
    """Wrap the making of ids."""
    ec2._aws_pl_id_from_name = _as_known(ec2._aws_pl_id_from_name)


def _as_known(made_up: Callable[[str], str]) -> Callable[[str], str]:
    def identifier(prefix_name: str) -> str:
        known = IDS.get(responses.get_region()) if prefix_name == ORIGIN_FACING else None
        return known or made_up(prefix_name)

    return identifier

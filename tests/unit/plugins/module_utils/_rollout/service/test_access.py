# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who gets through security groups to a listener."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.access import (
    Ingress,
    ListenerAccess,
    admitted,
    lets_machine_in,
    lets_tasks_in,
)

PRIVATE, PUBLIC = ListenerAccess(9000, frozenset({"sg-lb"}), True), ListenerAccess(9000, frozenset({"sg-lb"}), False)
TASKS, SUBNETS = frozenset({"sg-task"}), frozenset({"10.20.1.0/24", "10.20.2.0/24"})


def rule(*cidrs: str, groups: tuple[str, ...] = (), elsewhere: tuple[str, ...] = ()) -> Ingress:
    return Ingress(9000, 9000, cidrs, frozenset(groups), elsewhere)


def test_only_rules_of_the_port_count() -> None:
    every = (Ingress(0, 65535), Ingress(9000, 9001), Ingress(443, 443), Ingress(8999, 8999))
    assert admitted(PRIVATE, every) == every[:2]


@pytest.mark.parametrize(
    ("access", "rules", "inside"),
    [
        (PRIVATE, (), False),
        (PRIVATE, (rule("10.0.0.0/8"),), True),
        (PRIVATE, (rule("10.20.0.0/16"),), True),
        (PRIVATE, (rule("10.20.1.0/24"),), False),
        (PRIVATE, (rule("10.20.1.0/24"), rule("10.20.2.0/23")), True),
        (PRIVATE, (rule("192.0.2.0/24"),), False),
        (PRIVATE, (rule("::/0"),), False),
        (PRIVATE, (rule("0.0.0.0/0"),), True),
        (PRIVATE, (rule(groups=("sg-task",)),), True),
        (PRIVATE, (rule(groups=("sg-other",)),), False),
        (PRIVATE, (rule(elsewhere=("pl-1",)),), True),
        (PUBLIC, (rule("10.0.0.0/8"),), False),
        (PUBLIC, (rule(groups=("sg-task",)),), False),
        (PUBLIC, (rule("0.0.0.0/0"),), True),
        (PUBLIC, (rule("203.1.113.0/24"),), True),
    ],
)
def test_tasks_come_as_themselves_to_private_addresses_alone(
    access: ListenerAccess, rules: tuple[Ingress, ...], inside: bool
) -> None:
    assert lets_tasks_in(access, rules, TASKS, SUBNETS) is inside


@pytest.mark.parametrize(
    ("access", "rules", "address", "inside"),
    [
        (PRIVATE, (), "10.1.1.1", False),
        (PRIVATE, (rule("10.0.0.0/8"),), "10.1.1.1", True),
        (PRIVATE, (rule("10.0.0.0/8"),), "172.17.0.2", False),
        (PRIVATE, (rule("10.0.0.0/8"),), "8.8.8.8", False),
        (PRIVATE, (rule("0.0.0.0/0"),), "172.17.0.2", True),
        (PRIVATE, (rule("10.0.0.0/8"),), "127.0.0.1", True),
        (PRIVATE, (rule("10.0.0.0/8"),), "", True),
        # Its security group is not known here.
        (PRIVATE, (rule(groups=("sg-runner",)),), "172.17.0.2", True),
        (PUBLIC, (rule("10.0.0.0/8"),), "172.17.0.2", False),
        (PUBLIC, (rule("9.9.9.0/24"),), "172.17.0.2", True),
        (PUBLIC, (rule("9.9.9.0/24"),), "8.8.8.8", False),
        (PUBLIC, (rule("::/0"),), "8.8.8.8", False),
        (PUBLIC, (rule("0.0.0.0/0"),), "100.64.1.2", True),
        (PUBLIC, (rule("9.9.9.0/24"),), "100.64.1.2", True),
    ],
)
def test_machine_is_seen_by_its_own_address_or_by_one_that_it_does_not_know(
    access: ListenerAccess, rules: tuple[Ingress, ...], address: str, inside: bool
) -> None:
    assert lets_machine_in(access, rules, address) is inside

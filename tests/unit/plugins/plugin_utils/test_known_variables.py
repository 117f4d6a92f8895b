# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory's variables against those of the roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.plugin_utils._known_variables import (
    insist_on_known_variables,
    known_variables,
)

from tools.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_inputs_of_every_role_are_known() -> None:
    known = known_variables()
    assert {
        "network_vpc_cidr",
        "rds_multi_az",
        "ecs_rollout_strategy",
        "image_promotion_gates",
        "publish_base",
    } <= known


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_inventories_of_ours_are_taken(environment: str) -> None:
    names: dict[str, Any] = {}
    for path in (ROOT / "inventories" / environment).rglob("*.yml"):
        names |= yaml.safe_load(path.read_text(encoding="utf-8"))
    assert "fastbreak_account_id" in names
    insist_on_known_variables({**names, "hostvars": {"rds": names}})


@pytest.mark.parametrize(
    "variables",
    [
        {"netwrk_vpc_cidr": "10.0.0.0/16"},
        {"hostvars": {"localhost": {}, "network": {"netwrk_vpc_cidr": None}}},
    ],
)
def test_misspelt_variable_of_the_run_or_of_a_host_is_refused(variables: dict[str, Any]) -> None:
    with pytest.raises(
        RequestError, match=r"^Nothing was touched\. netwrk_vpc_cidr is no .* nearest is network_vpc_cidr"
    ):
        insist_on_known_variables(variables)


def test_no_more_than_a_few_are_told() -> None:
    wrong = {f"{name}x": 1 for name in sorted(known_variables())[:9]}
    with pytest.raises(RequestError, match="; and 4 more"):
        insist_on_known_variables(wrong)


def test_hosts_without_number_are_not_all_asked() -> None:
    class Hosts(dict[str, Any]):
        asked = 0

        def __getitem__(self, name: str) -> Any:
            self.asked += 1
            return super().__getitem__(name)

    hosts = Hosts({str(number): {} for number in range(500)})
    insist_on_known_variables({"hostvars": hosts})
    assert hosts.asked == 50


def test_folder_without_roles_knows_what_all_share(tmp_path: Path) -> None:
    assert known_variables(tmp_path) == set()
    with pytest.raises(RequestError, match="nearest is fastbreak_region"):
        insist_on_known_variables({"fastbrek_region": ""}, tmp_path)

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role that promotes: its inputs are documented, and its inventory is one that the module takes."""

from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import build_request, named_images
from ansible_collections.fastbreak.aws.plugins.modules.image_promotion import CROSS_CHECKS, build_argument_spec

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "roles" / "image_promotion"


def options():
    return yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]


def inventory(environment):
    return yaml.safe_load((ROOT / "inventories" / environment / "group_vars" / "all" / "30_promotion.yml").read_text())


def test_defaults_are_those_that_are_documented():
    documented = {key: option["default"] for key, option in options().items() if "default" in option}
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    # A default that is made of other variables is documented in words.
    assert {key: value for key, value in defaults.items() if "{{" not in str(value)} == documented
    assert set(defaults) <= set(options())


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_setting_of_an_inventory_is_one_that_the_role_takes(environment):
    assert set(inventory(environment)) <= set(options())


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_gates_of_an_inventory_are_such_that_the_module_takes_them(environment):
    sides = {"source": {"registry": "a.example"}, "destination": {"registry": "b.example"}}
    given = {**sides, "repository": "app", "tag": "1", "gates": inventory(environment)["image_promotion_gates"]}
    checked = ArgumentSpecValidator(build_argument_spec(), **CROSS_CHECKS).validate(given)
    assert checked.error_messages == []
    request = build_request(checked.validated_parameters, named_images(checked.validated_parameters))
    assert ("vulnerabilities" in {gate.gate.name for gate in request.gates}) == (environment == "prod")


def test_prod_promotes_from_the_account_whose_repository_lets_it_read():
    def settings(environment, file):
        return yaml.safe_load((ROOT / "inventories" / environment / "group_vars" / "all" / file).read_text())

    dev, prod = (settings(environment, "10_environment.yml") for environment in ("dev", "prod"))
    assert inventory("prod")["image_promotion_source_account_id"] == dev["fastbreak_account_id"]
    assert dev["ecr_pull_account_ids"] == [prod["fastbreak_account_id"]]
    assert prod["ecr_pull_account_ids"] == []
    assert inventory("dev")["image_promotion_source_account_id"] == ""

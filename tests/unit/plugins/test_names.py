# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""No module takes a number, true or false for a name."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins import modules
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import REFUSAL
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMES = sorted(module.name for module in pkgutil.iter_modules(modules.__path__))


def entry(name: str) -> Any:
    return importlib.import_module(f"{modules.__name__}.{name}").ENTRY


def text_options(spec: Mapping[str, Any], value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place where *spec* takes text, each with options that hold *value* there."""
    for name, option in spec.items():
        kind, elements = option.get("type", "str"), option.get("elements", "str")
        if kind in ("str", "path"):
            yield name, {name: value}
        elif kind == "list" and elements == "str":
            yield f"{name}[0]", {name: [value]}
        for place, inner in text_options(option.get("options") or {}, value):
            yield (f"{name}.{place}", {name: inner}) if kind == "dict" else (f"{name}[0].{place}", {name: [inner]})


@pytest.mark.parametrize("value", [True, 1.5, float("nan")])
@pytest.mark.parametrize("name", NAMES)
def test_a_number_is_refused_wherever_text_is_wanted(name: str, value: Any) -> None:
    for place, options in text_options(entry(name).argument_spec, value):
        # It is the message itself.
        if place == REFUSAL:
            continue
        with pytest.raises(RequestError) as caught:
            entry(name).refuse(options)
        assert f"{place} " in caught.value.message
        assert len([each for each in caught.value.details["problems"] if each.startswith(f"{place} ")]) == 1, place


@pytest.mark.parametrize("name", [name for name in NAMES if REFUSAL in entry(name).argument_spec])
def test_what_the_inventory_is_refused_for_comes_before_wrong_types(name: str) -> None:
    with pytest.raises(RequestError, match="network_ingress_cidr is no CIDR block"):
        entry(name).refuse({REFUSAL: "network_ingress_cidr is no CIDR block", "region": 5})


def test_the_commands_of_tasks_and_accounts_take_whole_numbers() -> None:
    entry("ecs_service_task").refuse({"command": ["sleep", 5]})
    entry("ecs_rollout").refuse({"migration": {"command": ["sleep", 5]}, "registry_account": 111111111111})
    entry("account_guard").refuse({"account_id": 111111111111})

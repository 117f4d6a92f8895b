# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option of every module, given as something of another type: a sentence, and never a traceback."""

from __future__ import annotations

import copy
import json
from datetime import date
from importlib import import_module
from itertools import product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context, answer
from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Silence
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.table import GATES
from ansible_collections.fastbreak.aws.plugins.plugin_utils._entry_action import EntryAction

from tests.unit.examples import cases
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry

MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")
NUMBERS: list[Any] = [False, 0, 16.1, float("inf"), float("nan"), "inf"]
JUNK: list[Any] = [
    None,
    "",
    "x",
    "\0",
    "x" * 20_000,
    "{}",
    [],
    [None],
    [7],
    ["x"],
    [[]],
    {},
    {"a": 1},
    date(2026, 1, 1),
    *NUMBERS,
]
#: What of the samples does not go together; DROPPED is left out.
DROPPED: Any = object()
_SIDE = dict.fromkeys(("access_key", "secret_key", "session_token", "username", "password", "plain_http"), DROPPED)
_OF_OTHER_GATES = {name for gate in GATES for name in gate.options} - {*HttpGate.options}
FITTING: dict[str, dict[str, Any]] = {
    "account_guard": {"account_id": "111111111111", "region": "us-east-1", "refusal": ""},
    "cloudformation_stack": {
        "template": DROPPED,
        "template_body": '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}',
    },
    "ecr_image_info": {"source": _SIDE},
    "ecs_rollout": {
        "url": "http://load-balancer",
        "gates": [
            {
                "kind": "http",
                **dict.fromkeys(_OF_OTHER_GATES, DROPPED),
                "stages": DROPPED,
                "on_inconclusive": "rollback",
            }
        ],
    },
    "image_promotion": {
        "images": DROPPED,
        "promotion_file": DROPPED,
        "digest": DROPPED,
        "platforms": DROPPED,
        "tags": DROPPED,
        "source": _SIDE,
        "destination": _SIDE,
    },
    "site_release": {"url": "http://site", "keep": 2, "version": DROPPED},
    "site_release_info": {"keep": 2},
    "source_tree_info": {"path": "."},
}
SAMPLES: dict[str, Any] = {"bool": True, "int": 1, "float": 1.5, "dict": {}, "list": []}


def entry_of(module: str) -> Entry:
    entry: Entry = import_module(f"ansible_collections.fastbreak.aws.plugins.modules.{module}").ENTRY
    return entry


def valid(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A value of the right type for each option."""
    return {name: _sample(option) for name, option in spec.items()}


def _sample(option: Mapping[str, Any]) -> Any:
    kind, inner = option.get("type", "str"), option.get("options")
    if inner:
        return [valid(inner)] if kind == "list" else valid(inner)
    if "choices" in option:
        return option["choices"][:1] if kind == "list" else option["choices"][0]
    return SAMPLES.get(kind, "sample")


def fitted(options: Any, fit: Any) -> Any:
    """*options* with what *fit* says otherwise."""
    if isinstance(fit, dict) and isinstance(options, dict):
        changed = {name: fitted(options.get(name), fit[name]) for name in fit if fit[name] is not DROPPED}
        return {**{name: value for name, value in options.items() if name not in fit}, **changed}
    if isinstance(fit, list) and isinstance(options, list):
        return [fitted(options[0], fit[0])]
    return fit


def base_of(module: str) -> dict[str, Any]:
    """Options of the module that are right."""
    made: dict[str, Any] = fitted(valid(entry_of(module).argument_spec), FITTING.get(module, {}))
    return made


def places(spec: Mapping[str, Any], path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for name, option in spec.items():
        yield (*path, name)
        if option.get("options"):
            entry = (*path, name, 0) if option.get("type") == "list" else (*path, name)
            if entry[-1] == 0:
                yield entry
            yield from places(option["options"], entry)


def put(options: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(options)
    holder: Any = changed
    for key in place[:-1]:
        if isinstance(holder, dict):
            holder.setdefault(key, {})
        holder = holder[key]
    holder[place[-1]] = value
    return changed


def unreachable(*_what: Any, **_how: Any) -> Any:
    raise UnavailableError("Tried to reach AWS, but this test has none.")


def run(entry: Entry, options: dict[str, Any]) -> dict[str, Any]:
    """What the task answers, up to the first thing that it asks AWS."""
    action = EntryAction.__new__(EntryAction)
    action._task = SimpleNamespace(args=options)
    action._load_name = "ours"
    if refused := answer(lambda: entry.refuse(options) or {}):
        return refused
    try:
        _validation, params = action.validate_argument_spec(entry.argument_spec, **entry.cross_checks)
    except AnsibleActionFail as error:
        return {"failed": True, "msg": str(error)}
    return answer(lambda: entry.perform(params, Context(unreachable, SystemClock(), Silence(), True)))


@pytest.mark.parametrize("module", MODULES)
def test_no_type_of_any_option_is_a_traceback(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    entry = entry_of(module)
    base = base_of(module)
    for place, junk in cases(product(places(entry.argument_spec), JUNK)):
        told = run(entry, put(base, place, copy.deepcopy(junk)))
        assert "exception" not in told, f"{module}: {place} = {str(junk)[:99]!r}: {told['msg']}"
        json.dumps(told)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("junk", [False, 0, 16.1, "x", [7], [[]], date(2026, 1, 1)], ids=repr)
def test_what_holds_no_options_is_said_with_the_name_of_the_option(module: str, junk: Any) -> None:
    entry = entry_of(module)
    base = base_of(module)
    for name, option in entry.argument_spec.items():
        if option.get("options"):
            assert name in run(entry, put(base, (name,), junk))["msg"]

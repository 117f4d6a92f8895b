"""What a rollout would do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure import Disclosure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan import Action, Found, Wanted, plan
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    ListenerRule,
    Network,
    Scaling,
    Service,
    ServiceSettings,
    TargetBinding,
    TaskDefinition,
)

HIDDEN = Disclosure(b"a key of this run")
SETTINGS = ServiceSettings(
    network=Network(frozenset({"subnet-1", "subnet-2"}), frozenset({"sg-1"})),
    target_bindings=frozenset({TargetBinding("group", "app", 8080)}),
)
DOCUMENT = {"family": "web", "networkMode": "awsvpc", "containerDefinitions": [{"name": "app", "image": "a"}]}


def service(**other: object) -> Service:
    made = Service("arn", "web", "ACTIVE", "web:1", 2, 2, SETTINGS)
    return replace(made, **other)  # type: ignore[arg-type]


def revision(number: int, document: dict[str, object], *, active: bool = True) -> TaskDefinition:
    return TaskDefinition(f"web:{number}", "web", number, active, document)


RULE = ListenerRule("listener", 100, frozenset({"/*"}), "group")
WANTED = Wanted("web", DOCUMENT, SETTINGS, rules=(RULE,), scaling=Scaling(2, 4))
OTHER = {**DOCUMENT, "cpu": "512"}
THERE = Found(
    service(), revision(1, DOCUMENT), revision(1, DOCUMENT), (replace(RULE, arn="r"),), Scaling(2, 4), judged=True
)


@pytest.mark.parametrize(
    ("found", "action", "reuse"),
    [
        (THERE, Action.UNCHANGED, "web:1"),
        (Found(rules=(None,)), Action.CREATE, ""),
        (Found(latest=revision(7, DOCUMENT), rules=(None,)), Action.CREATE, "web:7"),
        (replace(THERE, running=revision(1, OTHER), latest=revision(1, OTHER)), Action.DEPLOY, ""),
        (replace(THERE, running=revision(1, OTHER), latest=revision(2, DOCUMENT)), Action.DEPLOY, "web:2"),
        (replace(THERE, running=revision(1, DOCUMENT, active=False)), Action.UNCHANGED, "web:1"),
        (replace(THERE, judged=False), Action.ADOPT, "web:1"),
        (replace(THERE, rules=(None,)), Action.SETTINGS, "web:1"),
        (replace(THERE, rules=(replace(RULE, target_group_arn="other", arn="r"),)), Action.SETTINGS, "web:1"),
        (replace(THERE, scaling=None), Action.SETTINGS, "web:1"),
        (
            replace(THERE, service=service(settings=replace(SETTINGS, enable_execute_command=True))),
            Action.SETTINGS,
            "web:1",
        ),
        (
            replace(THERE, service=service(settings=replace(SETTINGS, platform_version="1.3.0"))),
            Action.DEPLOY,
            "web:1",
        ),
    ],
)
def test_plan(found: Found, action: Action, reuse: str) -> None:
    made = plan(WANTED, found, HIDDEN)
    assert (made.action, made.reuse_arn, made.refusal) == (action, reuse, "")
    assert made.changed == (action is not Action.UNCHANGED)
    assert (made.before == made.after) == (action in (Action.UNCHANGED, Action.ADOPT))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"controller": "CODE_DEPLOY"}, "deployment controller is CODE_DEPLOY"),
        ({"scheduling": "DAEMON"}, "scheduling strategy is DAEMON"),
        ({"settings": replace(SETTINGS, launch_type="EC2")}, "launch type is EC2"),
        ({"desired_count": 0}, "desired count of 0"),
    ],
)
def test_what_no_update_can_reach_is_refused(there: dict[str, object], said: str) -> None:
    assert said in plan(WANTED, replace(THERE, service=service(**there)), HIDDEN).refusal


def test_recorded_revision_is_used_as_it_is() -> None:
    made = plan(replace(WANTED, document=OTHER, task_definition_arn="web:5"), THERE, HIDDEN)
    assert (made.action, made.reuse_arn) == (Action.DEPLOY, "web:5")

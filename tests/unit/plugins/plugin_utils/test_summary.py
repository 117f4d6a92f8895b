# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a quiet run says."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.plugin_utils._summary import Summary, message_of

STACK = "fastbreak.aws.cloudformation_stack"


def stack(text: str, *, changed: bool = True) -> dict[str, object]:
    return {"changed": changed, "summary": text}


def said(line: str | None) -> list[str]:
    return (line or "").split(maxsplit=1)


def test_a_plan_of_an_empty_account_has_a_line_a_component_and_a_total() -> None:
    summary = Summary(check_mode=True, playbook="site")
    assert said(summary.ok("network", STACK, "Apply", stack("create: 35 to add"))) == ["network", "create: 35 to add"]
    assert said(summary.ok("ecr", STACK, "Apply", stack("create: 3 to add"))) == ["ecr", "create: 3 to add"]
    assert summary.end(0, 2) == [
        "",
        "2 components, 2 would change (resources: 38 to add, 0 to modify, 0 to remove).",
        "This was a plan and nothing was changed. Without --check it is applied; -v shows every property.",
    ]


@pytest.mark.parametrize("clone", [True, False])
def test_a_plan_says_what_it_costs_and_a_clone_where_to_read_more(monkeypatch, tmp_path, clone) -> None:
    monkeypatch.setattr(f"{Summary.__module__}.ROOT", tmp_path)
    if clone:
        (tmp_path / "Makefile").touch()
    summary = Summary(check_mode=True, playbook="site")
    priced = {"monthly_cost": {"usd": 2.0, "at_least": False, "unpriced": []}}
    summary.ok("ecr", STACK, "Apply", stack("create: 3 to add") | priced)
    more = "; `make cost` says more" if clone else ""
    assert summary.end(0, 1)[2] == f"It costs about 2 USD a month while nobody uses it and before its tasks{more}."


@pytest.mark.parametrize(
    ("before", "said_of_it"), [(0.0, ""), (2.2, ""), (1.0, " (1 more than now)"), (40.0, " (38 less than now)")]
)
def test_a_plan_says_by_how_much_it_changes_what_is_paid(before: float, said_of_it: str) -> None:
    summary = Summary(check_mode=True, playbook="site")
    priced = {"monthly_cost": {"usd": 2.0, "usd_before": before, "at_least": False, "unpriced": []}}
    summary.ok("ecr", STACK, "Apply", stack("update: 3 to modify") | priced)
    assert f"It costs about 2 USD a month{said_of_it} while nobody uses it" in summary.end(0, 1)[2]


def test_a_planned_teardown_names_no_price_of_nothing() -> None:
    summary = Summary(check_mode=True, playbook="teardown")
    summary.ok("ecr", STACK, "Apply", stack("delete: 3 to remove") | {"monthly_cost": {"usd": 0.0, "at_least": False}})
    assert not [line for line in summary.end(0, 1) if "It costs" in line]


def test_what_was_applied_is_said_as_done_with_the_next_step() -> None:
    summary = Summary(playbook="site")
    assert said(summary.ok("ecr", STACK, "Apply", stack("update: 1 to modify, tags")))[1] == "update: 1 modified, tags"
    _empty, total, after = summary.end(0, 1)
    assert total == "1 component, 1 changed (resources: 0 added, 1 modified, 0 removed)."
    assert after.startswith(
        "Next, publish an image and deploy it: ansible-playbook -i <inventory> fastbreak.aws.publish"
    )


def test_after_provisioning_an_environment_that_publishes_nothing_the_next_step_is_a_promotion() -> None:
    summary = Summary(playbook="site", promotes=True)
    summary.ok("ecr", STACK, "Apply", stack("create: 1 to add"))
    command = "ansible-playbook -i <inventory> fastbreak.aws.promote -e version=<version>"
    assert summary.end(0, 1)[-1] == f"Next, promote an image and deploy it: {command}"


def deletion(*, changed: bool) -> dict[str, object]:
    return {"stack_name": "fastbreak-dev-ecr"} | stack("delete: 3 to remove", changed=changed)


def test_a_look_ahead_is_not_told_as_done() -> None:
    """Another component may stop the run before the first deletion."""
    summary = Summary(playbook="teardown")
    assert summary.ok("ecr", STACK, "Ask", deletion(changed=False), checked=True) is None
    assert summary.end(1, 2)[1] == "1 component, 0 changed, 1 failed."
    assert said(summary.ok("ecr", STACK, "Delete", deletion(changed=True)))[1] == "delete: 3 removed"
    assert summary.end(0, 1)[1] == "1 component, 1 changed (resources: 0 added, 0 modified, 3 removed)."


def test_a_plan_that_is_made_twice_is_told_and_counted_once() -> None:
    summary = Summary(check_mode=True, playbook="teardown")
    assert said(summary.ok("ecr", STACK, "Ask", deletion(changed=False), checked=True))[1] == "delete: 3 to remove"
    assert summary.ok("ecr", STACK, "Delete", deletion(changed=True), checked=True) is None
    assert summary.end(0, 1)[1] == "1 component, 1 would change (resources: 0 to add, 0 to modify, 3 to remove)."


def test_nothing_to_do_is_a_line_a_component_and_a_total() -> None:
    summary = Summary(playbook="site")
    assert said(summary.ok("ecr", STACK, "Apply", stack("no change", changed=False))) == ["ecr", "no change"]
    assert summary.ok("ecr", "ansible.builtin.assert", "Check", {"changed": False}) is None
    assert summary.end(0, 1) == ["", "1 component, 0 changed."]


def test_a_plan_without_a_change_promises_none() -> None:
    summary = Summary(check_mode=True, playbook="drift")
    summary.ok("ecr", STACK, "Apply", stack("no change", changed=False))
    assert summary.end(0, 1) == ["", "1 component, 0 would change.", "This was a check, and nothing would change."]


def test_another_task_that_changes_something_is_named() -> None:
    summary = Summary()
    assert said(summary.ok("network", "fastbreak.aws.default_security_group", "Close it", {"changed": True})) == [
        "network",
        "Close it: changed",
    ]


def test_a_deployment_ends_with_its_outcome_and_the_address() -> None:
    summary = Summary(playbook="deploy")
    result = {
        "changed": True,
        "action": "deploy",
        "version": "1.0.0-abc",
        "release": {"outcome": "SUCCEEDED"},
        "timings": {"total_seconds": 41.6},
    }
    line = summary.ok("service", "fastbreak.aws.ecs_rollout", "Roll out", result)
    assert said(line)[1] == "deploy 1.0.0-abc, SUCCEEDED, in 42 s"
    plan = Summary(check_mode=True, playbook="deploy").ok("service", "fastbreak.aws.ecs_rollout", "Roll out", result)
    assert said(plan)[1] == "deploy 1.0.0-abc"
    assert summary.ok("service", "ansible.builtin.uri", "Ask", {"url": "https://video.example/readyz?a=b"}) is None
    assert summary.end(0, 1)[1:] == ["1 component, 1 changed.", "The service answers at https://video.example"]


def test_what_was_published_or_promoted_can_be_deployed_next() -> None:
    published = Summary(playbook="publish")
    published.ok(
        "ecr", "fastbreak.aws.ecr_image", "Publish", {"changed": True, "tag": "1.0.0-abc", "digest": "sha256:1"}
    )
    assert published.end(0, 1)[-1].endswith("fastbreak.aws.deploy -e version=1.0.0-abc")
    images = [{"tag": "1.0.0-abc", "digest": "sha256:1"}]
    promoted = Summary(playbook="promote")
    line = promoted.ok("ecr", "fastbreak.aws.image_promotion", "Promote", {"images": images})
    assert said(line)[1] == "1.0.0-abc sha256:1"
    assert promoted.end(0, 1)[-1] == published.end(0, 1)[-1]


def test_a_failure_is_said_once_with_its_own_words_and_what_to_do() -> None:
    summary = Summary(check_mode=True)
    line = summary.failed("rds", STACK, {"msg": "Refused.\nName another class.", "stdout": "noise"})
    assert line.splitlines() == [f"{'rds':16} FAILED: Refused.", f"{'':16} Name another class."]
    assert summary.end(1, 1)[1:] == [
        "1 component, 0 would change, 1 failed.",
        "Correct what is named above and run the same command again; -v shows every task.",
    ]


def test_what_is_wrong_for_all_is_said_once_though_it_names_each() -> None:
    summary = Summary()
    message = "The inventory of {} is wrong: fastbreak_tags: there are 52 tags."
    assert said(summary.failed("ecr", STACK, {"msg": message.format("ecr")}))[1].startswith("FAILED: The inventory")
    assert said(summary.failed("rds", STACK, {"msg": message.format("rds")})) == ["rds", "FAILED as ecr did"]
    assert said(summary.failed("iam", STACK, {"msg": "Another."})) == ["iam", "FAILED: Another."]


def test_who_was_left_alone_because_of_another_is_said_once_at_the_end() -> None:
    summary = Summary(check_mode=True)
    assert said(summary.failed("network", STACK, {"msg": "Refused."})) == ["network", "FAILED: Refused."]
    assert summary.failed("rds", STACK, {"msg": "Not touched: ...", "failed_components": ["network"]}) is None
    assert summary.failed("rds", "fastbreak.aws.component_failure", {"msg": "Component rds failed."}) is None
    assert summary.failed("ecr", STACK, {"msg": "No plan stands", "failed_components": ["network", "rds"]}) is None
    assert summary.end(3, 3)[1:3] == [
        "Nothing was touched of ecr and rds, since network failed.",
        "3 components, 0 would change, 1 failed, 2 not touched.",
    ]


def test_a_run_that_matched_nothing_says_so() -> None:
    assert "no component was matched" in Summary().end(0, 0)[0]


def test_a_play_on_localhost_alone_has_done_what_it_did() -> None:
    summary = Summary()
    summary.ok("localhost", "fastbreak.aws.image_promotion", "Promote", {"changed": True, "images": [{"tag": "1.0.0"}]})
    assert summary.end(0, 0)[1] == "1 component, 1 changed."


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"msg": " Why "}, "Why"),
        ({"msg": "", "censored": "hidden"}, "hidden"),
        ({"reason": "no such file"}, "no such file"),
        ({"module_stderr": "cannot start"}, "cannot start"),
        ({}, "it failed and did not say why"),
    ],
)
def test_the_words_of_a_failure_are_found(result: dict[str, str], message: str) -> None:
    assert message_of(result) == message


def test_what_all_components_share_is_said_once_and_who_else_failed_with_it() -> None:
    summary, shared = Summary(), {"msg": "fastbreak_region is 7."}
    assert said(summary.failed("network", STACK, shared)) == ["network", "FAILED: fastbreak_region is 7."]
    assert said(summary.failed("rds", STACK, shared)) == ["rds", "FAILED as network did"]
    assert said(summary.failed("rds", STACK, {"msg": "Other."})) == ["rds", "FAILED: Other."]
    assert said(summary.failed("network", STACK, shared)) == ["network", "FAILED: fastbreak_region is 7."]


def test_a_failure_that_is_passed_on_is_not_said_twice() -> None:
    summary = Summary()
    assert said(summary.failed("ecr", STACK, {"msg": "Refused."})) == ["ecr", "FAILED: Refused."]
    assert summary.failed("ecr", "fastbreak.aws.component_failure", {"msg": "Component ecr failed"}) is None
    assert summary.end(1, 1)[1] == "1 component, 0 changed, 1 failed."

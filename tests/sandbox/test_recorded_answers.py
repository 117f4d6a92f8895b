# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The sandbox's answers have what recorded answers of AWS have, and its stacks tell what recorded stacks told."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.recorded import scenario
from tests.sandbox.recorded.comparison import ELSEWHERE, RECORDED, UNSEEN, Answers, nearly_always
from tests.sandbox.stacks import Stack, body, with_properties
from tests.vectors.aws_answers.called import called

ROOT = Path(__file__).parents[2]
OPERATIONS = sorted(RECORDED.keys() - ELSEWHERE.keys())
TOPIC = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "a"}}}
BEGUN, INITIATED = "User Initiated", "Resource creation Initiated"
REPLACES = "Requested update requires the creation of a new physical resource; hence creating one."


@pytest.fixture(scope="module")
def answers(sandbox: Any) -> Answers:
    made = Answers()
    scenario.play(sandbox, lambda service: made.listen(sandbox.client(service)))
    return made


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_has_the_fields_that_aws_nearly_always_gives(answers: Answers, operation: str) -> None:
    assert answers.given.get(operation), f"The scenario does not call {operation}."
    lacking, unseen = answers.compare(operation)
    assert lacking == []
    assert unseen <= UNSEEN.keys()


def test_no_object_is_said_to_be_unseen_that_was_seen(answers: Answers) -> None:
    unseen = set[str]().union(*(answers.compare(operation)[1] for operation in OPERATIONS))
    assert UNSEEN.keys() - unseen == {"DBInstances[].StatusInfos[]"}


def test_only_operations_that_are_called_were_counted() -> None:
    assert RECORDED.keys() <= called(ROOT / "plugins", ROOT / "service" / "src")
    assert sum(len(nearly_always(operation)) for operation in RECORDED) > 800


def test_the_ledger_tells_how_many_operations_were_compared() -> None:
    ledger = (ROOT / "sandbox" / "FIDELITY.md").read_text(encoding="utf-8")
    assert f"| Answers of {len(RECORDED)} operations " in ledger


@pytest.mark.parametrize(("operation", "file"), ELSEWHERE.items())
def test_what_is_asked_elsewhere_is_asked_there(operation: str, file: str) -> None:
    assert f'"{operation}"' in (ROOT / "tests" / "sandbox" / file).read_text(encoding="utf-8")


def told(stack: Stack, since: int = 0) -> list[tuple[str, str, str]]:
    """(logical id, status, reason) of the stack's events, oldest first; the stack itself is ""."""
    events = stack.api.describe_stack_events(StackName=stack.name)["StackEvents"][::-1][since:]
    return [
        (
            event["LogicalResourceId"].removeprefix(stack.name),
            event["ResourceStatus"],
            event.get("ResourceStatusReason", ""),
        )
        for event in events
    ]


def test_a_stacks_events_are_aws_s(sandbox: Any) -> None:
    """LocalStack's recordings: test_list_events_after_deployment, TestCaptureUpdateProcess, test_deletion_policy."""
    name = f"events-{uuid.uuid4().hex[:6]}"
    stack = Stack(sandbox.client("cloudformation"), name)
    stack.create(TOPIC)
    created = [
        ("", "CREATE_IN_PROGRESS", BEGUN),
        ("Topic", "CREATE_IN_PROGRESS", ""),
        ("Topic", "CREATE_IN_PROGRESS", INITIATED),
        ("Topic", "CREATE_COMPLETE", ""),
        ("", "CREATE_COMPLETE", ""),
    ]
    assert told(stack) == created
    changed = with_properties(TOPIC, "Topic", DisplayName="b")
    stack.update({**changed, "Queue": {"Type": "AWS::SQS::Queue"}})
    begun, ended = ("", "UPDATE_IN_PROGRESS", BEGUN), ("", "UPDATE_COMPLETE", "")
    cleans = ("", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")
    seen = told(stack, len(created))
    assert (seen[0], seen[-2], seen[-1]) == (begun, cleans, ended)
    assert [event for event in seen if event[0] == "Topic"] == [
        ("Topic", "UPDATE_IN_PROGRESS", ""),
        ("Topic", "UPDATE_COMPLETE", ""),
    ]
    assert [event[1:] for event in seen if event[0] == "Queue"] == [event[1:] for event in created[1:4]]
    known = len(told(stack))
    stack.update(with_properties(changed, "Topic", TopicName=name))
    replaced = [
        begun,
        ("Topic", "UPDATE_IN_PROGRESS", REPLACES),
        ("Topic", "UPDATE_IN_PROGRESS", INITIATED),
        ("Topic", "UPDATE_COMPLETE", ""),
        cleans,
        ("Topic", "DELETE_IN_PROGRESS", ""),
        ("Topic", "DELETE_COMPLETE", ""),
        ("Queue", "DELETE_IN_PROGRESS", ""),
        ("Queue", "DELETE_COMPLETE", ""),
        ended,
    ]
    assert told(stack, known) == replaced
    known, stack_id = len(told(stack)), stack.describe()["StackId"]
    stack.delete()
    assert told(Stack(stack.api, stack_id), known) == [
        (name, "DELETE_IN_PROGRESS", BEGUN),
        ("Topic", "DELETE_IN_PROGRESS", ""),
        ("Topic", "DELETE_COMPLETE", ""),
        (name, "DELETE_COMPLETE", ""),
    ]


def test_errors_are_worded_as_aws_words_them(sandbox: Any) -> None:
    """LocalStack's recordings of the tests that are named."""
    api, name = sandbox.client("cloudformation"), f"errors-{uuid.uuid4().hex[:6]}"
    stack = Stack(api, name)
    stack.create(TOPIC)
    stack_id, template = stack.describe()["StackId"], body(TOPIC)
    living = [
        ("create_stack", {"TemplateBody": template}, f"Stack [{name}] already exists"),  # test_name_conflicts
        ("update_stack", {"TemplateBody": template}, "No updates are to be performed."),  # ..._withoutchange
        (  # test_stack_resource_not_found
            "describe_stack_resource",
            {"LogicalResourceId": "None"},
            f"Resource None does not exist for stack {name}",
        ),
        (  # test_invalid_policy
            "set_stack_policy",
            {"StackPolicyBody": json.dumps({"a": 1})},
            "Error validating stack policy: Invalid stack policy",
        ),
        ("describe_change_set", {"ChangeSetName": "none"}, "ChangeSet [none] does not exist"),
        (  # test_name_conflicts
            "create_change_set",
            {"ChangeSetName": "again", "ChangeSetType": "CREATE", "TemplateBody": template},
            f"Stack [{name}] already exists and cannot be created again with the changeSet [again].",
        ),
    ]
    for operation, arguments, sentence in living:
        assert sentence_of(api, operation, StackName=name, **arguments) == sentence
    stack.delete()
    gone = [
        ("describe_stacks", name, {}, f"Stack with id {name} does not exist"),  # test_non_existing_stack_message
        ("get_template", "never", {}, "Stack with id never does not exist"),  # test_get_template_missing_resources
        ("describe_stack_events", "never", {}, "Stack [never] does not exist"),  # test_describe_stack_events_errors
        (  # test_update_deleted_stack
            "update_stack",
            stack_id,
            {"TemplateBody": template},
            f"Stack:{stack_id} is in DELETE_COMPLETE state and can not be updated.",
        ),
        ("create_stack", name, {}, "Either Template URL or Template Body must be specified."),  # test_no_template_error
        (  # test_stack_name_creation
            "create_stack",
            "*@da",
            {"TemplateBody": template},
            (
                "1 validation error detected: Value '*@da' at 'stackName' failed to satisfy constraint: Member must "
                "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
            ),
        ),
    ]
    for operation, named, arguments, sentence in gone:
        assert sentence_of(api, operation, StackName=named, **arguments) == sentence


def sentence_of(api: Any, operation: str, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        getattr(api, operation)(**arguments)
    return str(caught.value.response["Error"]["Message"])

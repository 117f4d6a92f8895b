# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Telling EventBridge and SNS: what is sent, and what becomes of what cannot be."""

from __future__ import annotations

import json
import threading
from typing import Any

import botocore.session
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.announcer import Announcer
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.notices import Moment, Notice
from botocore.stub import Stubber

TOPIC = "arn:aws:sns:us-east-1:111111111111:fastbreak-dev-warning"
NOTICE = Notice(Moment.BEGUN, "inference", "fastbreak-dev", "1.0.0-a", "sha256:a", "ROLLING", "deploy", "R#1")


class Clients:
    """Stubbed clients by their service's name."""

    def __init__(self) -> None:
        session = botocore.session.get_session()
        session.set_credentials("x", "x")
        self.clients = {name: session.create_client(name, region_name="us-east-1") for name in ("events", "sns")}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()

    def __call__(self, name: str) -> Any:
        return self.clients[name]


@pytest.fixture
def clients() -> Clients:
    return Clients()


def entry(notice: Notice = NOTICE) -> dict[str, Any]:
    return {
        "Entries": [
            {
                "Source": "fastbreak.ecs_rollout",
                "DetailType": "Fastbreak Release State Change",
                "Detail": json.dumps(
                    {
                        "state": notice.state.value,
                        "service": "inference",
                        "cluster": "fastbreak-dev",
                        "version": "1.0.0-a",
                        "digest": "sha256:a",
                        "strategy": "ROLLING",
                        "kind": "deploy",
                        "release_id": "R#1",
                        "deployment_id": "",
                        "gate": "",
                        "verdict": "",
                        "seen": "",
                    }
                ),
                "EventBusName": "default",
            }
        ]
    }


def test_both_are_told_in_order(clients: Clients) -> None:
    announcer = Announcer(clients, topic_arn=TOPIC, bus="default")
    clients.stubs["events"].add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, entry())
    clients.stubs["sns"].add_response("publish", {"MessageId": "1"})
    announcer.tell(NOTICE)
    assert announcer.untold() == ()
    for stub in clients.stubs.values():
        stub.assert_no_pending_responses()


def test_what_is_refused_keeps_nobody_else_from_being_told(clients: Clients) -> None:
    announcer = Announcer(clients, topic_arn=TOPIC, bus="default")
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "Throttled", "ErrorMessage": "later"}]}
    clients.stubs["events"].add_response("put_events", refused)
    clients.stubs["sns"].add_client_error("publish", "AuthorizationError", "no")
    clients.stubs["events"].add_response("put_events", {"FailedEntryCount": 0, "Entries": []})
    clients.stubs["sns"].add_response("publish", {"MessageId": "1"})
    announcer.tell(NOTICE)
    announcer.tell(NOTICE)
    problems = announcer.untold()
    assert [problem.split()[0] for problem in problems] == ["EventBridge", "Tried"]
    assert announcer.untold() == ()


def test_nobody_is_waited_for_and_a_fault_is_told() -> None:
    held, asked = threading.Event(), threading.Event()

    class Slow:
        def put_events(self, **_: object) -> dict[str, Any]:
            asked.set()
            held.wait(60)
            raise ZeroDivisionError("a fault")

    announcer = Announcer(lambda _name: Slow(), bus="default")
    # It returns while the call is under way.
    announcer.tell(NOTICE)
    assert asked.wait(60)
    held.set()
    assert announcer.untold() == ("ZeroDivisionError: a fault",)


def test_without_topic_and_bus_nobody_is_asked() -> None:
    announcer = Announcer(pytest.fail)
    announcer.tell(NOTICE)
    assert announcer.untold() == ()
    assert announcer.topic_problem() == ""


@pytest.mark.parametrize(("code", "problem"), [("NotFound", f"topic {TOPIC} does not exist"), ("", "")])
def test_a_topic_that_is_not_there_is_said_beforehand(clients: Clients, code: str, problem: str) -> None:
    if code:
        clients.stubs["sns"].add_client_error("get_topic_attributes", code)
    else:
        clients.stubs["sns"].add_response("get_topic_attributes", {"Attributes": {}}, {"TopicArn": TOPIC})
    assert Announcer(clients, topic_arn=TOPIC).topic_problem() == problem

"""The rollout's clients against recorded answers of the APIs, checked with botocore's own models."""

from __future__ import annotations

import http.server
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import ApiRefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import CredentialsError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock
from ansible_collections.fastbreak.aws.plugins.module_utils._release.table import ReleasesClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs import EcsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs_shapes import write_settings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.elbv2 import Elbv2Client
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.probe import HttpProbe
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import ServiceChange
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service import changed_settings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    DeploymentSettings,
    Network,
    ServiceSettings,
    TargetBinding,
)
from botocore.stub import Stubber

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = ServiceSettings(
    network=Network(frozenset({"subnet-1"}), frozenset({"sg-1"})),
    target_bindings=frozenset({TargetBinding("group", "app", 8080)}),
    propagate_tags="SERVICE",
    tags=frozenset({("a", "b")}),
)


def stubbed(service: str) -> tuple[Any, Stubber]:
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    return client, Stubber(client)


def described(settings: ServiceSettings) -> dict[str, Any]:
    """A service as DescribeServices answers after it was created with *settings*."""
    written = write_settings(settings)
    return {
        "serviceArn": "arn:service",
        "serviceName": "web",
        "status": "ACTIVE",
        "taskDefinition": "web:1",
        "desiredCount": 2,
        "runningCount": 2,
        **written,
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "createdAt": NOW, "rolloutState": "COMPLETED"}],
    }


@pytest.mark.parametrize("alarms", [frozenset(), frozenset({"errors"})])
def test_what_was_created_is_read_back_without_a_difference(alarms: frozenset[str]) -> None:
    settings = ServiceSettings(**{**_fields(SETTINGS), "deployment": DeploymentSettings(alarms=alarms)})
    client, stub = stubbed("ecs")
    stub.add_response("describe_services", {"services": [described(settings)]})
    with stub:
        service = EcsClient(lambda: client).describe_service("c", "web")
    assert service
    assert changed_settings(service.settings, settings) == ()


def _fields(settings: ServiceSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


def test_update_sends_only_what_changed_and_never_the_desired_count() -> None:
    client, stub = stubbed("ecs")
    stub.add_response(
        "update_service",
        {"service": described(SETTINGS)},
        {"cluster": "c", "service": "web", "taskDefinition": "web:2", "healthCheckGracePeriodSeconds": 0},
    )
    change = ServiceChange(SETTINGS, ("health_check_grace_period_seconds", "tags"), "web:2")
    with stub:
        EcsClient(lambda: client).update_service("c", "web", change)


def test_alarms_that_are_no_longer_wanted_are_switched_off() -> None:
    written = write_settings(SETTINGS, only=("deployment",))["deploymentConfiguration"]
    assert written["alarms"] == {"alarmNames": [], "enable": False, "rollback": False}


@pytest.mark.parametrize("code", ["ConflictException", "ServiceDeploymentNotFoundException"])
def test_deployment_that_cannot_be_stopped_any_more_is_no_error(code: str) -> None:
    client, stub = stubbed("ecs")
    stub.add_client_error("stop_service_deployment", code)
    with stub:
        assert not EcsClient(lambda: client).stop_service_deployment("arn")


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ExpiredTokenException", 400, CredentialsError),
        ("ThrottlingException", 400, UnavailableError),
        ("Anything", 503, UnavailableError),
        ("AccessDeniedException", 400, ApiRefusedError),
        ("InvalidParameterException", 400, ApiRefusedError),
    ],
)
def test_errors_say_what_was_attempted(code: str, status: int, error: type[Exception]) -> None:
    client, stub = stubbed("ecs")
    stub.add_client_error("describe_clusters", code, "because", http_status_code=status)
    with stub, pytest.raises(error, match="Tried to describe cluster c, but"):
        EcsClient(lambda: client).cluster_status("c")


def test_definition_is_checked_against_the_model_without_a_call() -> None:
    client, _stub = stubbed("ecs")
    ecs = EcsClient(lambda: client)
    assert ecs.check_definition({"family": "f", "containerDefinitions": [{"name": "a", "image": "b"}]}) == ()
    problems = ecs.check_definition({"containerDefinitions": [{"name": 1, "nonsense": True}]})
    assert any("family" in one for one in problems)
    assert any("nonsense" in one for one in problems)


@pytest.mark.parametrize(
    ("actions", "forwards_to"),
    [
        ([{"Type": "forward", "TargetGroupArn": "blue"}], "blue"),
        ([{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "blue", "Weight": 1}]}}], "blue"),
        (
            [
                {
                    "Type": "forward",
                    "ForwardConfig": {
                        "TargetGroups": [
                            {"TargetGroupArn": "blue", "Weight": 0},
                            {"TargetGroupArn": "green", "Weight": 100},
                        ]
                    },
                }
            ],
            "green",
        ),
        (
            [
                {
                    "Type": "forward",
                    "ForwardConfig": {
                        "TargetGroups": [
                            {"TargetGroupArn": "blue", "Weight": 90},
                            {"TargetGroupArn": "green", "Weight": 10},
                        ]
                    },
                }
            ],
            "90 to blue, 10 to green",
        ),
        ([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}], "fixed-response"),
    ],
)
def test_rule_is_read_with_its_live_weights(actions: list[dict[str, Any]], forwards_to: str) -> None:
    client, stub = stubbed("elbv2")
    rule = {
        "RuleArn": "rule",
        "Priority": "100",
        "Conditions": [{"Field": "path-pattern", "Values": ["/*"]}, {"Field": "source-ip"}],
        "Actions": actions,
    }
    stub.add_response("describe_rules", {"Rules": [], "NextMarker": "more"})
    stub.add_response("describe_rules", {"Rules": [rule]}, {"ListenerArn": "listener", "Marker": "more"})
    with stub:
        found = Elbv2Client(lambda: client).find_rule("listener", 100)
    assert found
    assert found.target_group_arn == forwards_to
    assert found.path_patterns == {"/*", "and a condition on source-ip"}


def test_lock_that_another_holds_is_not_taken() -> None:
    client, stub = stubbed("dynamodb")
    stub.add_client_error("put_item", "ConditionalCheckFailedException")
    with stub:
        assert not ReleasesClient(lambda: client, "t").take_lock("web", Lock("me", "now", 1), now=NOW)


class _Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/hang":
            threading.Event().wait(2)
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("X-Version", "v2")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_probe_tells_answers_from_silence_and_from_not_reaching(address: str) -> None:
    probe = HttpProbe()

    def ask(url: str) -> Any:
        return probe.request("GET", url, timeout_seconds=0.5, version_header="x-version")

    assert (ask(address).status, ask(address).version) == (200, "v2")
    assert ask(f"{address}/away").status == 302
    silent = ask(f"{address}/hang")
    assert (silent.status, silent.unreachable) == (0, False)
    assert ask("http://127.0.0.1:1/").unreachable
    assert ask("http://no-such-host.invalid/").unreachable

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The function behind GraphQL: what it asks the service, and what callers are told; the schema's hold on the limits."""

import ast
import http.client
import json

import pytest
import yaml
from graphql import parse
from jinja2 import Template

from tests.unit.roles.policies import template
from tools.files import ROOT

RESOURCES = template("appsync")["Resources"]
CODE = RESOURCES["Function"]["Properties"]["Code"]["ZipFile"]
URL = "https://a1.appsync-api.us-east-1.amazonaws.com/graphql"
PROBLEM = {"title": "Not Found", "error": {"code": "not_found", "message": "There is no analysis with this id."}}


class Service:
    """Stands in for a connection to the service."""

    def __init__(self):
        self.status, self.body, self.failure, self.asked = 200, b"{}", None, []

    def connection(self, host, **settings):
        self.host, self.settings = host, settings
        return self

    def request(self, method, path, body, headers):
        self.sent, self.key = body, headers.get("Idempotency-Key")
        self.asked.append((method, path, headers["Authorization"]))
        if self.failure:
            raise self.failure

    def getresponse(self):
        return self

    def read(self, most):
        return self.body[:most]

    def close(self):
        self.asked.append("closed")


@pytest.fixture
def service(monkeypatch):
    made = Service()
    monkeypatch.setenv("ORIGIN", "service.example")
    monkeypatch.setattr(http.client, "HTTPSConnection", made.connection)
    return made


def call(field="analyses", authorization="a-token", **arguments):
    namespace = {}
    exec(compile(CODE, "index.py", "exec"), namespace)  # noqa: S102 - as Lambda does
    return namespace["handler"]({"field": field, "arguments": arguments, "authorization": authorization}, None)


@pytest.mark.parametrize(
    ("field", "arguments", "path"),
    [
        ("analyses", {}, "/v1/analyses"),
        ("analyses", {"limit": 5, "after": "1.x", "person": None}, "/v1/analyses?limit=5&after=1.x"),
        ("analysis", {"id": "../x?y"}, "/v1/analyses/..%2Fx%3Fy"),
        ("findings", {"analysis": "a", "person": 2, "limit": 1}, "/v1/analyses/a/findings?limit=1&person=2"),
    ],
)
def test_it_asks_for_what_is_wanted(service, field, arguments, path):
    service.body = json.dumps({"persons": []}).encode()
    call(field, **arguments)
    assert service.asked == [("GET", path, "Bearer a-token"), "closed"]


@pytest.mark.parametrize(
    ("field", "arguments", "path", "sent"),
    [
        (
            "beginUpload",
            {"filename": "a.mp4", "size_bytes": 5.0},
            "/v1/uploads",
            '{"filename": "a.mp4", "size_bytes": 5.0}',
        ),
        ("uploadLinks", {"id": "u/x", "after": 20, "limit": None}, "/v1/uploads/u%2Fx/part-links?after=20", None),
        ("completeUpload", {"id": "u"}, "/v1/uploads/u/completion", None),
    ],
)
def test_it_sends_what_belongs_to_an_upload(service, field, arguments, path, sent):
    for status in (200, 201, 202):
        service.status, service.asked = status, []
        assert call(field, **arguments) == {"data": {}}
        assert (service.asked[0], service.sent) == (("POST", path, "Bearer a-token"), sent)


def test_what_is_announced_again_is_known_by_its_key(service):
    for key, sent in (("a-key", "a-key"), (None, None)):
        call("beginUpload", size_bytes=5.0, key=key)
        assert (service.key, service.sent) == (sent, '{"size_bytes": 5.0}')
    service.asked = []
    for broken in ("", "a b", "a\r\nX: y", "k\u00e4", "x" * 256):
        assert call("beginUpload", size_bytes=5.0, key=broken)["error"]["code"] == "bad_parameter"
    assert service.asked == []


def test_every_field_has_a_resolver():
    definitions = parse(RESOURCES["Schema"]["Properties"]["Definition"]).definitions
    fields = {
        (each.name.value, field.name.value)
        for each in definitions
        if each.name.value in {"Query", "Mutation", "Subscription"}
        for field in each.fields
    }
    resolved = [body["Properties"] for body in RESOURCES.values() if body["Type"] == "AWS::AppSync::Resolver"]
    assert {(one["TypeName"], one["FieldName"]) for one in resolved} == fields


def test_the_token_goes_on_as_it_came_and_over_tls(service):
    call(authorization="Bearer a-token")
    assert service.asked[0][2] == "Bearer a-token"
    assert service.host == "service.example"
    assert service.settings["context"].check_hostname
    assert service.settings["timeout"] < RESOURCES["Function"]["Properties"]["Timeout"]


def test_angles_become_a_list(service):
    service.body = json.dumps({"persons": [{"id": 1, "angles": {"knee": {"mean": 1.5}}}]}).encode()
    assert call("analysis", id="a")["data"]["persons"][0]["angles"] == [{"angle": "knee", "mean": 1.5}]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, json.dumps(PROBLEM).encode(), "not_found"),
        (401, b"", "unavailable"),
        (302, b"{}", "unavailable"),
        (500, json.dumps({"error": {"code": "x", "message": "SELECT"}}).encode(), "unavailable"),
        (200, b"no JSON", "unavailable"),
        (200, b"[]", "unavailable"),
        (200, b" " * 1_000_001, "too_large"),
    ],
)
def test_what_the_service_refuses_is_told_in_its_words_and_nothing_from_inside(service, status, body, code):
    service.status, service.body = status, body
    told = call()["error"]
    assert (told["code"], "SELECT" in told["message"]) == (code, False)
    assert service.asked[-1] == "closed"


@pytest.mark.parametrize("failure", [TimeoutError("10.0.0.1"), http.client.RemoteDisconnected("10.0.0.1")])
def test_a_service_out_of_reach_is_unavailable_and_the_log_says_why(service, failure, capsys):
    service.failure = failure
    told = call()["error"]
    assert told == {"code": "unavailable", "message": "The service gives no answer now. Try again in a minute."}
    assert "10.0.0.1" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["Finding", "Reference", "Shown"])
def test_the_schema_has_what_the_service_tells_of_findings(kind):
    source = ast.parse((ROOT / "service/src/fastbreak_service/movement/values.py").read_text(encoding="utf-8"))
    [told] = [node for node in source.body if isinstance(node, ast.ClassDef) and node.name == kind]
    fields = {node.target.id for node in told.body if isinstance(node, ast.AnnAssign)}
    # The service tells of a player's own range beside its player, and none in its list of findings.
    assert fields_of(kind) - {"person", "number", "review"} == fields - {"baseline"}


def test_a_list_promises_what_the_service_lists():
    whole, listed = fields_of("Analysis"), fields_of("Listed")
    assert whole - listed == {"video", "model", "movement", "persons"}
    assert listed < whole


def fields_of(kind):
    definitions = parse(RESOURCES["Schema"]["Properties"]["Definition"]).definitions
    [found] = [each for each in definitions if each.name.value == kind]
    return {field.name.value for field in found.fields}


def test_without_an_issuer_there_is_no_api():
    unconditional = [name for name, body in RESOURCES.items() if body.get("Condition") != "HasApi"]
    assert unconditional == ["FunctionSecurityGroup"]


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ({}, {}),
        ({"appsync": {"GraphqlUrl": "none"}}, {}),
        ({"appsync": {"GraphqlUrl": URL}}, {"FASTBREAK_GRAPHQL_URL": URL}),
    ],
)
def test_a_release_tells_workers_of_the_api_where_there_is_one(outputs, told):
    role = yaml.safe_load((ROOT / "roles" / "ecs_rollout" / "vars" / "main.yml").read_text(encoding="utf-8"))
    rendered = Template(role["__ecs_rollout_news"]).render(__ecs_rollout_outputs=outputs)
    assert ast.literal_eval(rendered.strip()) == told
    assert "appsync" in role["__ecs_rollout_stacks"]
    environment = role["__ecs_rollout_task_definition"]["containerDefinitions"][0]["environment"]
    assert "__ecs_rollout_news" in environment

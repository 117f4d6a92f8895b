# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a load balancer does with requests, against real HTTP servers and real sockets."""

import hashlib
import os
import socket
import threading
import time
from collections import Counter
from types import SimpleNamespace

import httpx
import pytest
from botocore.exceptions import ClientError

from sandbox.services.elbv2.model.rules import Request, matches
from tests.sandbox.balancer import Balancer, eventually
from tests.sandbox.target import Target


def _request(**given):
    facts = {"method": "GET", "path": "/", "query": "", "host": "a.b", "headers": {}, "client_address": "10.0.0.7"}
    return Request(**{**facts, **given})


@pytest.mark.parametrize(
    ("condition", "met", "unmet"),
    [
        ({"Field": "path-pattern", "Values": ["/v?/*"]}, {"path": "/v1/x"}, {"path": "/V1/x"}),
        ({"Field": "path-pattern", "Values": ["/[ab]"]}, {"path": "/[ab]"}, {"path": "/a"}),
        ({"Field": "host-header", "Values": ["*.Example.com"]}, {"host": "a.example.com:80"}, {"host": "example.com"}),
        ({"Field": "http-request-method", "Values": ["PUT"]}, {"method": "PUT"}, {"method": "put"}),
        ({"Field": "source-ip", "Values": ["10.0.0.0/24"]}, {}, {"client_address": "10.0.1.7"}),
        (
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Beta", "Values": ["y*"]}},
            {"headers": {"x-beta": ["no", "YES"]}},
            {"headers": {"x-beta": ["no"]}},
        ),
        (
            {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "a b"}]}},
            {"query": "x=1&v=a+b"},
            {"query": "w=a+b"},
        ),
        ({"Field": "path-pattern", "RegexValues": ["^/[0-9]+$"]}, {"path": "/12"}, {"path": "/a12"}),
    ],
)
def test_a_condition_is_met_by_what_aws_says(condition, met, unmet):
    assert matches([condition], _request(**met))
    assert not matches([condition], _request(**unmet))


def test_the_default_action_answers_before_the_first_release(balancer):
    answer = balancer.get()
    assert (answer.status_code, answer.text) == (503, "no release yet")
    assert answer.headers["server"] == "awselb/2.0"


def test_a_request_reaches_the_target_as_it_was_sent(balancer, target):
    balancer.serve(target)
    answer = httpx.post(
        f"{balancer.url}/echo?a=1&a=2&b=%20", content="hello", headers={"X-Own": "1", "X-Forwarded-For": "9.9.9.9"}
    )
    seen = answer.json()
    headers = {name.lower(): value for name, value in seen["headers"]}
    assert seen["line"] == "POST /echo?a=1&a=2&b=%20 HTTP/1.1"
    assert seen["body"] == "hello"
    assert headers["x-own"] == "1"
    assert headers["x-forwarded-for"] == "9.9.9.9, 127.0.0.1"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("http", "80")
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert headers["host"] == balancer.address
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "awselb" not in answer.headers["server"]


def test_an_encoded_path_is_not_decoded(balancer, target):
    balancer.serve(target)
    with socket.create_connection((balancer.address, 80)) as connection:
        connection.sendall(b"GET /a%2Fb/../c?q=%41 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    assert target.requests == ["/a%2Fb/../c?q=%41"]


def test_connections_of_clients_are_kept_alive(balancer, target):
    balancer.serve(target)
    with httpx.Client() as client:
        ports = {
            client.get(balancer.url).extensions["network_stream"].get_extra_info("client_addr")[1] for _ in range(3)
        }
    assert len(ports) == 1


def test_head_and_empty_answers_keep_the_connection_usable(balancer, target):
    balancer.serve(target)
    with httpx.Client() as client:
        head = client.head(balancer.url)
        assert (head.status_code, head.headers["content-length"], head.content) == (200, "6", b"")
        target.status = 204
        assert client.get(balancer.url).status_code == 204
        target.status = 200
        assert client.get(balancer.url).text == "target"


def test_a_large_upload_streams_through(balancer, target):
    balancer.serve(target)
    block = os.urandom(1 << 20)
    size = 256
    digest = hashlib.sha256()
    for _ in range(size):
        digest.update(block)

    def blocks():
        for _ in range(size):
            yield block

    answer = httpx.post(
        f"{balancer.url}/upload", content=blocks(), headers={"Content-Length": str(size << 20)}, timeout=120
    )
    assert answer.json() == {"bytes": size << 20, "sha256": digest.hexdigest()}


def test_expect_continue_is_answered_by_the_load_balancer(balancer, target):
    balancer.serve(target)
    with socket.create_connection((balancer.address, 80)) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ok")
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"expect" not in answer.lower()


def test_an_answer_streams_as_the_target_sends_it(balancer, target):
    balancer.serve(target)
    with httpx.stream("GET", f"{balancer.url}/stream") as answer:
        arrived = [(time.monotonic(), chunk) for chunk in answer.iter_raw()]
    assert b"".join(chunk for _, chunk in arrived) == b"onetwothree"
    assert arrived[-1][0] - arrived[0][0] > 0.15


def test_targets_take_turns(balancer, target):
    with Target("other") as other:
        balancer.serve(target, other)
        assert sorted(balancer.get().text for _ in range(10)) == ["other"] * 5 + ["target"] * 5


def test_weights_share_requests_between_target_groups(balancer, target):
    with Target("green") as green:
        groups = [balancer.group(), balancer.group()]
        weights = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip(groups, (9, 1), strict=True)]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}
        rule = balancer.rule(action)
        for group, item in zip(groups, (target, green), strict=True):
            balancer.register(group, item)
            assert eventually(lambda group=group, item=item: balancer.state(group, item) == "healthy")
        with httpx.Client() as client:
            answers = Counter(client.get(balancer.url).text for _ in range(200))
        assert set(answers) <= {"target", "green"}, answers
        # 20 are expected. Outside of these bounds lies one run in ten million.
        assert 1 <= answers["green"] <= 45
        weights[0]["Weight"], weights[1]["Weight"] = 0, 100
        balancer.api.modify_rule(RuleArn=rule, Actions=[action])
        assert {balancer.get().text for _ in range(5)} == {"green"}
        stored = balancer.api.describe_rules(RuleArns=[rule])["Rules"][0]["Actions"][0]["ForwardConfig"]
        assert [group["Weight"] for group in stored["TargetGroups"]] == [0, 100]


ALL_CONDITIONS = [
    {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/v1/*"]}},
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Team", "Values": ["Physio*"]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.0/8"]}},
    {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
]


def test_all_conditions_of_a_rule_have_to_be_met(balancer):
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418"}}
    rule = balancer.rule(fixed, priority=2, conditions=ALL_CONDITIONS)
    (described,) = balancer.api.describe_rules(RuleArns=[rule])["Rules"]
    for given, told in zip(ALL_CONDITIONS, described["Conditions"], strict=True):
        assert {name: told[name] for name in given} == given
    asked = {"headers": {"x-team": "physio-1"}}
    assert balancer.get("/v1/a?v=2", **asked).status_code == 418
    for path, other in (("/v2/a?v=2", asked), ("/v1/a?v=3", asked), ("/v1/a", asked), ("/v1/a?v=2", {})):
        assert balancer.get(path, **other).status_code != 418
    assert httpx.head(f"{balancer.url}/v1/a?v=2", **asked).status_code != 418
    away = [{"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}}]
    balancer.api.modify_rule(RuleArn=rule, Conditions=away)
    assert balancer.get("/v1/a?v=2", **asked).status_code != 418


@pytest.mark.parametrize(
    ("values", "said"),
    [(["/a", "/b", "/c", "/d", "/e", "/f"], "'5' condition values"), (["/*/*/*", "/???"], "'5' condition wildcards")],
)
def test_a_rule_has_few_values_and_wildcards(balancer, values, said):
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418"}}
    conditions = [{"Field": "path-pattern", "PathPatternConfig": {"Values": values}}]
    with pytest.raises(ClientError, match=said):
        balancer.rule(fixed, priority=3, conditions=conditions)


def test_rules_are_tried_by_priority(balancer, target):
    balancer.serve(target)
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418", "MessageBody": "<tea>"}}
    conditions = [{"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}}]
    rule = balancer.rule(fixed, priority=2, conditions=conditions)
    assert balancer.get("/?v=2").text == "target"
    balancer.api.set_rule_priorities(
        RulePriorities=[
            {"RuleArn": rule, "Priority": 1},
            *[
                {"RuleArn": other["RuleArn"], "Priority": 3}
                for other in balancer.api.describe_rules(ListenerArn=balancer.listener)["Rules"]
                if other["Priority"] == "1"
            ],
        ]
    )
    assert (balancer.get("/?v=2").status_code, balancer.get("/?v=2").text) == (418, "<tea>")
    assert balancer.get("/?v=3").text == "target"


def test_a_redirect_fills_in_the_request(balancer):
    balancer.rule(
        {
            "Type": "redirect",
            "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
        }
    )
    answer = balancer.get("/a?b=c")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://{balancer.address}:443/a?b=c"


def test_no_target_is_a_503(balancer):
    balancer.rule({"Type": "forward", "TargetGroupArn": balancer.group()})
    answer = balancer.get()
    assert answer.status_code == 503
    assert "503 Service Temporarily Unavailable" in answer.text


def test_a_target_that_cuts_the_connection_is_a_502(balancer, target):
    balancer.serve(target)
    answer = httpx.post(f"{balancer.url}/cut", content="x")
    assert (answer.status_code, answer.headers["server"]) == (502, "awselb/2.0")


def test_a_dead_target_is_a_502_until_health_checks_notice(balancer, target):
    group = balancer.serve(target, HealthCheckIntervalSeconds=60)
    target.stop()
    assert balancer.state(group, target) == "healthy"
    assert balancer.get().status_code == 502


def test_a_target_slower_than_the_idle_timeout_is_a_504(balancer, target):
    balancer.serve(target)
    balancer.api.modify_load_balancer_attributes(
        LoadBalancerArn=balancer.arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "5"}]
    )
    began = time.monotonic()
    assert balancer.get("/slow?3").status_code == 504
    assert time.monotonic() - began > 0.4


def test_an_answer_that_stalls_is_cut_off_not_completed(balancer, target):
    balancer.serve(target)
    balancer.api.modify_load_balancer_attributes(
        LoadBalancerArn=balancer.arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "5"}]
    )
    with pytest.raises(httpx.RemoteProtocolError):
        balancer.get("/stall")


def test_a_chunked_request_reaches_the_target(balancer):
    received = []

    def serve(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # the test is over
                return
            with connection:
                data = connection.recv(65536)
                if b"/readyz" not in data:
                    while b"0\r\n\r\n" not in data:
                        data += connection.recv(65536)
                    received.append(data)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        balancer.serve(SimpleNamespace(port=port))
        assert httpx.post(balancer.url, content=iter([b"one", b"two"])).status_code == 200
    head, _, body = received[0].partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    assert b"content-length" not in head.lower()
    assert body.endswith(b"0\r\n\r\n")
    assert b"one" in body
    assert b"two" in body


def test_a_request_in_flight_outlives_the_deregistration_of_its_target(balancer, target):
    group = balancer.serve(target)
    answers = []
    flight = threading.Thread(target=lambda: answers.append(balancer.get("/slow?1").status_code))
    flight.start()
    assert eventually(lambda: "/slow?1" in target.requests)
    balancer.deregister(group, target)
    assert balancer.get().status_code == 503
    flight.join()
    assert answers == [200]


def test_a_client_that_goes_away_frees_the_target(balancer, target):
    balancer.serve(target, attributes={"load_balancing.algorithm.type": "least_outstanding_requests"})
    with pytest.raises(httpx.ReadTimeout):
        balancer.get("/slow?5", timeout=0.2)
    assert balancer.get().status_code == 200


def test_garbage_gets_a_400_and_the_listener_lives_on(balancer, target):
    balancer.serve(target)
    for rubbish in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
        with socket.create_connection((balancer.address, 80)) as connection:
            connection.sendall(rubbish)
            assert b" 400 " in connection.recv(4096).split(b"\r\n")[0]
    assert balancer.get().status_code == 200


def test_both_accounts_have_a_load_balancer_of_one_name_at_once(sandbox, target):
    dev = Balancer(sandbox.client("elbv2", "dev"), name="same-name")
    prod = Balancer(sandbox.client("elbv2", "prod"), name="same-name")
    try:
        with Target("prod") as other:
            dev.serve(target)
            prod.serve(other)
            assert dev.address != prod.address
            assert (dev.get().text, prod.get().text) == ("target", "prod")
    finally:
        dev.remove()
        prod.remove()


def test_a_listener_is_released_when_it_goes(balancer):
    balancer.api.delete_listener(ListenerArn=balancer.listener)
    with pytest.raises(httpx.ConnectError):
        balancer.get()


def test_a_listener_moves_to_another_port(balancer):
    balancer.api.modify_listener(ListenerArn=balancer.listener, Port=8081)
    assert httpx.get(f"http://{balancer.address}:8081/").status_code == 503
    with pytest.raises(httpx.ConnectError):
        balancer.get()


def test_many_clients_at_once(balancer, target):
    balancer.serve(target)
    codes = []

    def load():
        with httpx.Client() as client:
            codes.extend(client.get(balancer.url).status_code for _ in range(25))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 200


def _statistic(sandbox, metric, statistic, **dimensions):
    data = sandbox.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApplicationELB",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=time.time() - 600,
        EndTime=time.time() + 60,
        Period=60,
        Statistics=[statistic],
    )
    return sum(point[statistic] for point in data["Datapoints"])


def test_requests_and_hosts_are_counted_in_cloudwatch(sandbox, balancer, target):
    assert balancer.get().status_code == 503  # a fixed response, no error of the load balancer
    group = balancer.serve(target)
    for path in ("/", "/", "/slow?0.2"):
        assert balancer.get(path).status_code == 200
    assert httpx.post(f"{balancer.url}/cut").status_code == 502
    own = {"LoadBalancer": balancer.arn.partition("loadbalancer/")[2]}
    both = {**own, "TargetGroup": group.rpartition(":")[2]}
    assert eventually(lambda: _statistic(sandbox, "HealthyHostCount", "Maximum", **both) == 1)  # counted now and then
    balancer.deregister(group, target)
    assert balancer.get().status_code == 503
    expected = [
        ("RequestCount", own, 4),
        ("RequestCount", both, 4),
        ("HTTPCode_Target_2XX_Count", both, 3),
        ("TargetConnectionErrorCount", both, 1),
        ("HTTPCode_ELB_5XX_Count", own, 2),
        ("HTTPCode_ELB_502_Count", own, 1),
        ("HTTPCode_ELB_503_Count", own, 1),
        ("HTTP_Fixed_Response_Count", own, 1),
    ]
    for metric, dimensions, count in expected:
        eventually(lambda m=metric, d=dimensions, c=count: _statistic(sandbox, m, "Sum", **d) >= c)
        assert (metric, _statistic(sandbox, metric, "Sum", **dimensions)) == (metric, count)
    assert 0.2 <= _statistic(sandbox, "TargetResponseTime", "Maximum", **both) < 5.0


def test_an_alarm_sees_a_load_balancers_errors(sandbox, balancer):
    balancer.rule({"Type": "forward", "TargetGroupArn": balancer.group()})
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=balancer.name,
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_ELB_5XX_Count",
        Dimensions=[{"Name": "LoadBalancer", "Value": balancer.arn.partition("loadbalancer/")[2]}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    assert balancer.get().status_code == 503
    found = cloudwatch.describe_alarms
    assert eventually(lambda: found(AlarmNames=[balancer.name])["MetricAlarms"][0]["StateValue"] == "ALARM")

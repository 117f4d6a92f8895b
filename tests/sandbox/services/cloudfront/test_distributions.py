# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What viewers get of a distribution: from its cache, from a private bucket, from a load balancer in the VPC."""

import gzip
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.sandbox.balancer import eventually
from tests.sandbox.services.cloudfront.conftest import OUTPUTS, Site
from tests.sandbox.stacks import att

HIT, MISS, RENEWED = "Hit from cloudfront", "Miss from cloudfront", "RefreshHit from cloudfront"

SHOWN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
RATED = {
    "ByteMatchStatement": {
        "FieldToMatch": {"UriPath": {}},
        "PositionalConstraint": "STARTS_WITH",
        "SearchString": "/api/rated",
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }
}
RATE = {"Limit": 10, "EvaluationWindowSec": 600, "AggregateKeyType": "IP", "ScopeDownStatement": RATED}
COMMON = {
    "VendorName": "AWS",
    "Name": "AWSManagedRulesCommonRuleSet",
    "RuleActionOverrides": [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}],
}
ACL = {
    "Type": "AWS::WAFv2::WebACL",
    "Properties": {
        "Scope": "CLOUDFRONT",
        "DefaultAction": {"Allow": {}},
        "VisibilityConfig": SHOWN,
        "Rules": [
            {
                "Name": "rate",
                "Priority": 0,
                "Action": {"Block": {}},
                "VisibilityConfig": SHOWN,
                "Statement": {"RateBasedStatement": RATE},
            },
            {
                "Name": "common",
                "Priority": 1,
                "OverrideAction": {"None": {}},
                "VisibilityConfig": SHOWN,
                "Statement": {"ManagedRuleGroupStatement": COMMON},
            },
        ],
    },
}


def seen(answer):
    return answer.status_code, answer.text, answer.headers["x-cache"]


def test_a_distribution_answers_at_its_address_for_the_account_that_made_it(site):
    site.put("index.html", b"home", ContentType="text/html")
    assert seen(site.get("/")) == (200, "home", MISS)
    moved = site.get("/", scheme="http")
    assert (moved.status_code, moved.headers["location"]) == (301, f"https://{site.outputs()['Domain']}/")


def test_what_is_fresh_comes_from_the_cache_until_it_is_invalidated(site):
    site.put("assets/a.js", b"first", CacheControl="max-age=1000")
    site.put("assets/b.js", b"other", CacheControl="max-age=1000")
    assert [seen(site.get("/assets/a.js")) for _ in range(2)] == [(200, "first", MISS), (200, "first", HIT)]
    site.get("/assets/b.js")
    site.put("assets/a.js", b"second", CacheControl="max-age=1000")
    assert seen(site.get("/assets/a.js")) == (200, "first", HIT)
    assert seen(site.get("/assets/a.js?ignored=1")) == (200, "first", HIT)
    site.invalidate("/assets/a.js")
    assert seen(site.get("/assets/a.js")) == (200, "second", MISS)
    assert seen(site.get("/assets/b.js")) == (200, "other", HIT)
    site.invalidate("/assets/*")
    assert seen(site.get("/assets/b.js")) == (200, "other", MISS)


def test_what_is_stale_is_asked_for_again(site):
    site.put("index.html", b"home", CacheControl="no-cache")
    assert [seen(site.get("/")) for _ in range(2)] == [(200, "home", MISS), (200, "home", RENEWED)]
    site.put("index.html", b"newest", CacheControl="no-cache")
    assert seen(site.get("/")) == (200, "newest", MISS)
    tag = site.get("/").headers["etag"]
    assert site.get("/", headers={"If-None-Match": tag}).status_code == 304


def test_the_maximum_holds_against_a_longer_lifetime(site):
    site.put("long.txt", b"long", CacheControl="max-age=31536000")
    assert site.get("/long.txt").headers["x-cache"] == MISS
    assert site.get("/long.txt").headers["x-cache"] == HIT
    # 100 seconds of AWS are ten of this sandbox.
    assert eventually(lambda: site.get("/long.txt").headers["x-cache"] == RENEWED, every=0.5)


def test_text_is_compressed_for_those_who_take_it(site):
    text = b"<p>text</p>" * 200
    site.put("page.html", text, ContentType="text/html")
    site.put("small.html", b"small", ContentType="text/html")
    site.put("page.bin", text, ContentType="application/octet-stream")
    zipped = site.get("/page.html", headers={"Accept-Encoding": "br, gzip"})
    assert (zipped.headers["content-encoding"], zipped.content) == ("gzip", text)
    assert zipped.headers["etag"].startswith("W/")
    assert int(zipped.headers["content-length"]) < len(gzip.compress(text)) + 100
    plain = site.get("/page.html", headers={"Accept-Encoding": "identity"})
    assert ("content-encoding" in plain.headers, plain.content, plain.headers["x-cache"]) == (False, text, MISS)
    for path in ("/small.html", "/page.bin"):
        assert "content-encoding" not in site.get(path, headers={"Accept-Encoding": "gzip"}).headers


def test_the_load_balancer_behind_a_vpc_origin_is_asked_each_time(site, target):
    for _ in range(2):
        assert seen(site.get("/api/v1?a=1", headers={"Cookie": "c=1"})) == (200, "target", MISS)
    assert target.requests == ["/api/v1?a=1"] * 2
    echoed = site.get("/echo", method="GET")
    assert echoed.status_code == 403  # the bucket's, which does not tell what it has
    target.status = 404
    assert seen(site.get("/api/v1")) == (404, "target", "Error from cloudfront")
    target.status = 200
    assert site.get("/api/v1").status_code == 200


def test_every_method_and_body_reaches_the_load_balancer(site, target):
    body = b"x" * 100_000
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert site.get("/api/things", method=method, content=body).status_code == 200
    assert len(target.requests) == 4
    answer = site.get("/api/things", headers={"Origin": "https://x"})
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_the_query_is_part_of_the_key_when_the_policy_says_so(site, target):
    assert [site.get(f"/asked/x?n={n}").status_code for n in (1, 2)] == [200, 200]
    assert target.requests == ["/asked/x?n=1", "/asked/x?n=2"]


def test_a_vpc_origin_drifts_is_kept_while_used_and_goes_with_its_stack(sandbox, balancer, target):
    site = Site(sandbox)
    balancer.serve(target)
    assert site.create(site.resources(balancer.arn, "video.example.org"), OUTPUTS) == "CREATE_COMPLETE", site.reasons()
    origin = site.outputs()["Origin"]
    assert site.drift()["Behind"] == "IN_SYNC"
    tag = site.edge.get_vpc_origin(Id=origin)["ETag"]
    with pytest.raises(site.edge.exceptions.CannotDeleteEntityWhileInUse):
        site.edge.delete_vpc_origin(Id=origin, IfMatch=tag)
    address = site.outputs()["Domain"]
    assert site.delete() == "DELETE_COMPLETE"
    with pytest.raises(site.edge.exceptions.EntityNotFound):
        site.edge.get_vpc_origin(Id=origin)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{address}/", trust_env=False)


def test_a_web_acl_blocks_what_its_rules_say_and_counts_it(site, balancer, sandbox):
    resources = site.resources(balancer.arn, "video.example.org", att("Acl", "Arn"))
    assert site.update({**resources, "Acl": ACL}, OUTPUTS) == "UPDATE_COMPLETE", site.reasons()
    assert [site.get("/api/rated").status_code for _ in range(12)] == [200] * 10 + [403] * 2
    assert site.get("/api/other").status_code == 200
    assert site.get("/api/other", headers={"User-Agent": ""}).status_code == 403
    assert site.get("/api/other", method="POST", content=b"x" * 10_000).status_code == 200
    cloudwatch = sandbox.client("cloudwatch")
    for name, requests in (("BlockedRequests", 3.0), ("AllowedRequests", 12.0)):
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/WAFV2",
            MetricName=name,
            Dimensions=[{"Name": "WebACL", "Value": "m"}, {"Name": "Rule", "Value": "ALL"}],
            StartTime=datetime.now(UTC) - timedelta(hours=1),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=7200,
            Statistics=["Sum"],
        )
        assert sum(point["Sum"] for point in found["Datapoints"]) == requests, name

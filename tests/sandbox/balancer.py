# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A load balancer of a test's own, made through the API and removed with everything that hangs on it."""

import ssl
import time
import uuid

import httpx

TRUST = ssl.create_default_context()
"""Read once: httpx would read all authorities for each request, which takes ten times as long as the request."""


def eventually(question, seconds=300.0, every=0.03):
    """The first truthy answer of `question()`; the last one when there was none in time.

    What takes long is asked for less often: to ask costs the sandbox more than to get there.
    """
    began = time.monotonic()
    while not (answer := question()) and (waited := time.monotonic() - began) < seconds:
        time.sleep(max(every, min(waited / 20, 0.2)))
    return answer


class Balancer:
    """An ALB with one HTTP listener whose default action answers 503, and target groups made on demand."""

    def __init__(self, elbv2, port=80, name=None):
        self.api = elbv2
        self.name = name or f"t-{uuid.uuid4().hex[:8]}"
        record = elbv2.create_load_balancer(Name=self.name, Subnets=["subnet-a", "subnet-b"])["LoadBalancers"][0]
        self.arn, self.address = record["LoadBalancerArn"], record["DNSName"]
        self.url = f"http://{self.address}:{port}"
        self.groups = []
        self.listener = self.listen(port)

    def listen(self, port, protocol="HTTP", **settings):
        fixed = {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "no release yet"}
        return self.api.create_listener(
            LoadBalancerArn=self.arn,
            Port=port,
            Protocol=protocol,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
            **settings,
        )["Listeners"][0]["ListenerArn"]

    def group(self, attributes=None, **settings):
        arn = self.api.create_target_group(
            **{
                "Name": f"g-{uuid.uuid4().hex[:8]}",
                "Protocol": "HTTP",
                "Port": 8080,
                "VpcId": "vpc-1",
                "TargetType": "ip",
                "HealthCheckPath": "/readyz",
                "HealthCheckIntervalSeconds": 5,
                "HealthCheckTimeoutSeconds": 5,  # ten times as fast, and other tests keep the machine busy
                "HealthyThresholdCount": 2,
                "UnhealthyThresholdCount": 2,
                **settings,
            }
        )["TargetGroups"][0]["TargetGroupArn"]
        if attributes:
            listed = [{"Key": key, "Value": value} for key, value in attributes.items()]
            self.api.modify_target_group_attributes(TargetGroupArn=arn, Attributes=listed)
        self.groups.append(arn)
        return arn

    def rule(self, *actions, priority=1, conditions=None):
        return self.api.create_rule(
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=conditions or [{"Field": "path-pattern", "Values": ["/*"]}],
            Actions=list(actions),
        )["Rules"][0]["RuleArn"]

    def serve(self, *targets, attributes=None, **settings):
        """A target group with the targets, a rule that forwards everything to it; returns once all are healthy."""
        group = self.group(attributes, **settings)
        self.rule({"Type": "forward", "TargetGroupArn": group})
        for target in targets:
            self.register(group, target)
        for target in targets:
            assert eventually(lambda target=target: self.state(group, target) == "healthy"), self.health(group, target)
        return group

    def register(self, group, target):
        self.api.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": target.port}])

    def deregister(self, group, target):
        self.api.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": target.port}])

    def health(self, group, target):
        asked = [{"Id": "127.0.0.1", "Port": target.port}]
        answer = self.api.describe_target_health(TargetGroupArn=group, Targets=asked)
        return answer["TargetHealthDescriptions"][0]["TargetHealth"]

    def state(self, group, target):
        return self.health(group, target)["State"]

    def get(self, path="/", **options):
        return httpx.get(self.url + path, verify=TRUST, trust_env=False, **options)

    def remove(self):
        self.api.delete_load_balancer(LoadBalancerArn=self.arn)
        for group in self.groups:
            self.api.delete_target_group(TargetGroupArn=group)

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which fields the answers of a scenario lack, of those that AWS nearly always gives."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.vectors.aws_answers.called import model
from tests.vectors.aws_answers.make import fields, within

RECORDED: Mapping[str, Any] = json.loads((Path(__file__).parents[2] / "vectors/aws_answers/fields.json").read_text())
SEEN, SHARE = 3, 0.9
"""Nearly always: in nine of ten of what it is in, and that was recorded three times or more."""


def nearly_always(operation: str) -> Sequence[str]:
    """The paths of these fields; empty when too little was recorded."""
    counts = RECORDED[operation]["fields"].items()
    return [path for path, (there, of) in counts if of >= SEEN and there >= SHARE * of]


@dataclass(frozen=True)
class Answers:
    """What boto3's clients got, by `service Operation`."""

    given: dict[str, list[Any]] = field(default_factory=dict)

    def listen(self, client: Any) -> Any:
        """The client, whose successful answers are kept from now on."""
        client.meta.events.register("after-call", self._keep)
        return client

    def _keep(self, *, http_response: Any, parsed: Any, model: Any, **_: object) -> None:
        if http_response.status_code < 300:
            name = f"{model.service_model.service_name} {model.name}"
            self.given.setdefault(name, []).append({k: v for k, v in parsed.items() if k != "ResponseMetadata"})

    def compare(self, operation: str) -> tuple[list[str], set[str]]:
        """(fields that some object lacks, the objects that stood in no answer)."""
        service, name = operation.split()
        shape = model(service).operation_model(name).output_shape
        had: list[tuple[str, str]] = [
            pair for answer in self.given.get(operation, []) for pair in fields(shape, answer)
        ]
        counts = Counter(had)
        paths = nearly_always(operation)
        seen = [path for path in paths if counts[within(path), "object"]]
        lacking = [path for path in seen if counts[path, "field"] < counts[within(path), "object"]]
        return lacking, {within(path) for path in paths if path not in seen}


ELSEWHERE = {
    "rds DescribeDBInstances": "services/rds/test_instances.py",
    "rds ModifyDBInstance": "services/rds/test_instances.py",
}
"""Operations that the tests in these files ask, which have what it takes at hand."""
UNSEEN = {
    "Table.TableClassSummary": "tables of the standard class have none",
    "NetworkInterfaces[].Association": "no interface has a public address",
    "NetworkInterfaces[].Attachment": "nothing is attached to an interface",
    "NetworkInterfaces[].Operator": "no service of AWS operates an interface",
    "NetworkInterfaces[].PrivateIpAddresses[].Association": "no interface has a public address",
    "SecurityGroups[].IpPermissions[].PrefixListIds[]": "no rule names a prefix list",
    "services[].deployments[].capacityProviderStrategy[]": "of the EC2 launch type in the recordings",
    "services[].placementStrategy[]": "of the EC2 launch type",
    "service.placementStrategy[]": "of the EC2 launch type",
    "services[].serviceRegistries[]": "no service has one",
    "DBClusters[].DBClusterMembers[]": "no component has a database cluster",
    "DBCluster.DBClusterMembers[]": "no component has a database cluster",
    "DBInstances[].StatusInfos[]": "of read replicas",
    "EvaluationResults[].MatchedStatements[]": "the sandbox does not tell which statement decided",
    "EvaluationResults[].MatchedStatements[].EndPosition": "as the statement",
    "EvaluationResults[].MatchedStatements[].StartPosition": "as the statement",
    "EvaluationResults[].OrganizationsDecisionDetail": "no account is in an organisation",
    "EvaluationResults[].ResourceSpecificResults[]": "one resource is asked about in a call",
    "EvaluationResults[].ResourceSpecificResults[].MatchedStatements[]": "as the resource",
    "EvaluationResults[].ResourceSpecificResults[].MatchedStatements[].EndPosition": "as the resource",
    "EvaluationResults[].ResourceSpecificResults[].MatchedStatements[].StartPosition": "as the resource",
    "MetricDataResults[].Messages[]": "nothing is said of a single metric",
    "ReplicationConfiguration.Rules[].Filter.And": "no rule has both a prefix and tags",
    "ReplicationConfiguration.Rules[].Filter.And.Tags[]": "as the filter",
    "ReplicationStatus[]": "no secret is replicated",
    "subscriptionFilters[]": "no log group is subscribed to",
    "RotationRules": "no secret is rotated by a function",
}
"""What stands in no answer of ours, and why: its members cannot be compared."""

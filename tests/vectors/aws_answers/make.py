# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write fields.json: which fields AWS's answers have, and how often, in recordings of two public projects.

    tools/run python -m tests.vectors.aws_answers.make FOLDER

FOLDER holds `cloud-custodian/<service>.jsonl` (a call a line, out of cloud-custodian's tests/data/placebo at df800e9e)
and `localstack/*.snapshot.json` (LocalStack's tests/aws at 8b9a79f0), both Apache-2.0. Only names of fields and counts
are kept. A field's count is `[times it was there, times what it is in was there]`; `[]` is an item of a list, `{}` a
value of a map.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.vectors.aws_answers.called import called, model

HERE = Path(__file__).parent
SERVICES = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
"""What the recordings call by another name than boto3."""
MARKS = {
    "cloudformation": {
        "DescribeStacks": {"Stacks"},
        "DescribeStackEvents": {"StackEvents"},
        "CreateChangeSet": {"Id", "StackId"},
        "DescribeChangeSet": {"ChangeSetId", "Changes", "ExecutionStatus"},
        "DescribeStackResourceDrifts": {"StackResourceDrifts"},
        "DescribeStackDriftDetectionStatus": {"DetectionStatus"},
        "ListStackResources": {"StackResourceSummaries"},
        "GetTemplate": {"TemplateBody"},
    },
    "cloudwatch": {"DescribeAlarms": {"MetricAlarms"}, "GetMetricData": {"MetricDataResults"}},
    "dynamodb": {"DescribeTable": {"Table"}, "GetItem": {"Item"}, "Query": {"Items", "ScannedCount"}},
    "events": {"ListTargetsByRule": {"Targets"}, "PutEvents": {"Entries", "FailedEntryCount"}},
    "iam": {"GetRole": {"Role"}, "SimulatePrincipalPolicy": {"EvaluationResults"}},
    "logs": {
        "DescribeLogGroups": {"logGroups"},
        "DescribeSubscriptionFilters": {"subscriptionFilters"},
        "GetLogEvents": {"events", "nextForwardToken"},
    },
    "s3": {
        "CompleteMultipartUpload": {"Bucket", "ETag", "Key", "Location"},
        "CopyObject": {"CopyObjectResult"},
        "CreateMultipartUpload": {"Bucket", "Key", "UploadId"},
        "DeleteObjects": {"Deleted"},
        "GetObject": {"AcceptRanges", "Body"},
        "ListObjectVersions": {"Versions"},
        "ListObjectsV2": {"KeyCount"},
    },
    "secretsmanager": {
        "DescribeSecret": {"VersionIdsToStages"},
        "GetResourcePolicy": {"ARN", "ResourcePolicy"},
        "GetSecretValue": {"SecretString", "VersionStages"},
        "PutSecretValue": {"ARN", "Name", "VersionId", "VersionStages"},
    },
    "sns": {"Publish": {"MessageId"}},
    "sts": {"AssumeRole": {"Credentials", "AssumedRoleUser"}, "GetCallerIdentity": {"Account", "UserId"}},
}
"""LocalStack's recordings do not name the operation: what an answer has that no other operation's has."""


def main(folder: Path) -> None:
    """Read the recordings, count and write."""
    answers = [*custodian(folder / "cloud-custodian"), *localstack(folder / "localstack")]
    wanted = called(Path("plugins"), Path("service/src"))
    counted: dict[str, Counter[tuple[str, str]]] = {}
    number: Counter[str] = Counter()
    for service, operation, answer in answers:
        shape = model(service).operation_model(operation).output_shape
        name = f"{service} {operation}"
        if name not in wanted or shape is None or not fits(shape, answer):
            continue
        number[name] += 1
        counted.setdefault(name, Counter()).update(fields(shape, answer))
    written = {
        name: {
            "answers": number[name],
            "fields": {
                path: [count, counts[(within(path), "object")]]
                for (path, kind), count in sorted(counts.items())
                if kind == "field"
            },
        }
        for name, counts in sorted(counted.items())
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in written.items())
    (HERE / "fields.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def custodian(folder: Path) -> Iterator[tuple[str, str, Any]]:
    """(service, operation, answer) of each successful call; Classic Load Balancing's fit no shape of ELBv2."""
    for file in sorted(folder.glob("*.jsonl")):
        service = SERVICES.get(file.stem, file.stem)
        known = model(service).operation_names
        for line in file.read_text(encoding="utf-8").splitlines():
            call = json.loads(line)
            if call["status"] == 200 and call["operation"] in known:
                yield service, call["operation"], call["data"]


def localstack(folder: Path) -> Iterator[tuple[str, str, Any]]:
    """The same of what AWS answered LocalStack's tests."""
    for file in sorted(folder.glob("*.snapshot.json")):
        service = file.name.partition("__")[0]
        for recording in json.loads(file.read_text(encoding="utf-8")).values():
            for answer in objects(recording["recorded-content"]):
                for operation, mark in MARKS.get(service, {}).items():
                    if mark <= answer.keys():
                        yield service, operation, answer


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Each object in *value*, itself too."""
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(child)


def fits(shape: Any, answer: dict[str, Any]) -> bool:
    """Whether the answer has nothing that the operation's shape has not, and something that it has."""
    names = answer.keys() - {"ResponseMetadata"}
    return bool(names) and names <= shape.members.keys()


def fields(shape: Any, value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, "field") for each field in *value*, and (path, "object") for each object, by the shape's members."""
    if shape.type_name == "structure" and isinstance(value, dict):
        yield path, "object"
        for name, member in shape.members.items():
            if name in value:
                inner = f"{path}.{name}".lstrip(".")
                yield inner, "field"
                yield from fields(member, value[name], inner)
    elif shape.type_name == "list" and isinstance(value, list):
        for item in value:
            yield from fields(shape.member, item, f"{path}[]")
    elif shape.type_name == "map" and isinstance(value, dict):
        for item in value.values():
            yield from fields(shape.value, item, path + "{}")


def within(path: str) -> str:
    """The path of the object that the field at *path* is in."""
    return path.rpartition(".")[0]


if __name__ == "__main__":
    main(Path(sys.argv[1]))

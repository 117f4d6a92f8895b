# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task definition refers to."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.references import (
    log_stream,
    references,
)


def test_references_are_all_found() -> None:
    log = {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"},
        "secretOptions": [{"name": "n", "valueFrom": "arn:s2"}],
    }
    made = {"logDriver": "awslogs", "options": {"awslogs-group": "h", "awslogs-create-group": "true"}}
    document = {
        "taskRoleArn": "r1",
        "executionRoleArn": "r2",
        "containerDefinitions": [
            {"name": "app", "secrets": [{"name": "n", "valueFrom": "arn:s1"}], "logConfiguration": log},
            {"name": "side", "repositoryCredentials": {"credentialsParameter": "arn:s3"}, "logConfiguration": made},
            {"name": "plain"},
        ],
    }
    found = references(document)
    assert found.roles == ("r1", "r2")
    assert found.secrets == ("arn:s1", "arn:s2", "arn:s3")
    assert found.log_groups == ("g",)
    assert log_stream(document, "app", "t1") == ("g", "p/app/t1")
    assert log_stream(document, "plain", "t1") is None


@pytest.mark.parametrize("options", [{}, None, {"awslogs-stream-prefix": "p"}, {"awslogs-group": "g"}])
def test_without_group_or_prefix_there_is_no_stream_to_read(options: dict[str, str] | None) -> None:
    log = {"logDriver": "awslogs", "options": options}
    assert log_stream({"containerDefinitions": [{"name": "app", "logConfiguration": log}]}, "app", "t1") is None

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""ECR of the sandbox: its API, its registry, and a repository of the test's own."""

from typing import Any

import pytest

from tests.sandbox.services.ecr.registry import CONFIG, LAYER, Registry


@pytest.fixture(scope="module")
def ecr(sandbox: Any) -> Any:
    return sandbox.client("ecr")


@pytest.fixture(scope="module")
def registry(ecr: Any) -> Registry:
    return Registry(ecr)


@pytest.fixture
def name(ecr: Any, registry: Registry, request: pytest.FixtureRequest) -> str:
    """A repository with the blobs of `image()` in it."""
    made = request.node.name.split("[")[0].replace("_", "-")
    ecr.create_repository(repositoryName=made)
    registry.push_blob(made, CONFIG)
    registry.push_blob(made, LAYER)
    return made

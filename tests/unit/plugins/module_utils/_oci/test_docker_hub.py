# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Docker Hub has several names, and short ones for its own images."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.docker_hub import (
    API_HOST,
    api_host,
    canonical_registry,
    repository_at,
    without_hub,
)


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io", API_HOST, "Docker.IO"])
def test_docker_hub_is_one_registry_by_any_name(name: str) -> None:
    assert (canonical_registry(name), api_host(name)) == ("docker.io", API_HOST)


@pytest.mark.parametrize("name", ["registry.example.com", "docker.io.example.com", "127.0.0.1:5000", "docker.io:5000"])
def test_another_registry_is_where_it_says(name: str) -> None:
    assert (canonical_registry(name), api_host(name)) == (name, name)
    assert repository_at(name, "alpine") == "alpine"
    assert repository_at(name, "docker.io/library/alpine") == "docker.io/library/alpine"


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("alpine", "library/alpine"),
        ("docker.io/alpine", "library/alpine"),
        ("docker.io/library/alpine", "library/alpine"),
        ("index.docker.io/acme/app", "acme/app"),
        ("acme/app", "acme/app"),
        ("", ""),
    ],
)
def test_a_repository_of_docker_hub_has_a_whole_name(written: str, whole: str) -> None:
    assert repository_at("docker.io", written) == whole
    assert repository_at(API_HOST, whole) == whole
    assert without_hub(whole) == whole

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A database takes as many connections as its class has memory for."""

import pytest

from sandbox.services.rds.model.classes import most_connections


@pytest.mark.parametrize(
    ("instance_class", "most"),
    [
        ("db.t4g.micro", 112),
        ("db.t4g.small", 225),
        ("db.m7g.large", 901),
        ("db.r6g.xlarge", 3604),
        ("db.m5.24xlarge", 5000),
        ("db.serverless", 100),
        ("", 100),
    ],
)
def test_the_memory_of_a_class_says_how_many(instance_class: str, most: int) -> None:
    assert most_connections(instance_class) == most

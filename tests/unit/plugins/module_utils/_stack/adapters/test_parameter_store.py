# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parameter Store through botocore's Stubber."""

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.parameter_store import ParameterStore
from botocore.stub import Stubber


@pytest.fixture
def api():
    client = boto3.client("ssm", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stub:
        yield ParameterStore(lambda: client), stub
        stub.assert_no_pending_responses()


def test_values_come_by_the_names_given_and_ten_at_once(api):
    store, stub = api
    names = [f"/n{number}" for number in range(12)]
    for part in (names[:10], names[10:]):
        answer = {"Parameters": [{"Name": name, "Value": f"v{name}"} for name in part]}
        stub.add_response("get_parameters", answer, {"Names": part})
    assert store.read_values(names) == {name: f"v{name}" for name in names}


def test_a_version_an_arn_and_a_name_that_is_not_there(api):
    store, stub = api
    arn = "arn:aws:ssm:us-east-1:111111111111:parameter/b"
    answer = {
        "Parameters": [
            {"Name": "/a", "Selector": ":3", "Value": "old"},
            {"Name": "/b", "ARN": arn, "Value": "far"},
        ],
        "InvalidParameters": ["/c"],
    }
    stub.add_response("get_parameters", answer, {"Names": ["/a:3", "/c", arn]})
    found = store.read_values(["/a:3", "/c", arn])
    assert (found["/a:3"], found[arn], "/c" in found) == ("old", "far", False)

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that become part of what AWS makes: refused where a service would refuse what is made of them."""

from pathlib import Path

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.parameters import complete_parameters

TEMPLATES = sorted((Path(__file__).parents[3] / "roles").glob("*/files/stack.yaml"))
LABEL = "a" * 63
GOOD = {
    "Environment": ["dev", "a", "qa1", "a" * 16],
    "ServiceName": ["inference", "a-1-b", "a" * 31],
    "DomainName": ["", "video.example.org", f"{'a' * 52}.example.org"],
}
# RDS takes no two hyphens in a row and none at the end, neither does a load balancer or ECR; DNS has labels of 63.
# What is of an environment dev-two would be of dev too, whose roles may reach what begins with fastbreak-dev-.
WRONG = {
    "Environment": ["", "qa-", "q-a", "q--a", "-qa", "1a", "QA", "q_a", "a" * 17],
    "ServiceName": ["", "inference-", "a--b", "-a", "a" * 32],
    "DomainName": ["a", "a..org", f"{LABEL}a.org", "-a.org", "a-.org", f"{'.'.join([LABEL] * 4)}.org"],
}
CASES = [
    (path, name)
    for path in TEMPLATES
    for name in GOOD
    # The alarms look at a service that may be somebody else's.
    if name in read_template(str(path))[1]["Parameters"]
    and (path.parents[1].name, name) != ("cloudwatch", "ServiceName")
]


def refused(path, name, value):
    rules = read_template(str(path))[1]["Parameters"][name]
    try:
        complete_parameters("s", {"Parameters": {name: rules}}, {name: value})
    except RequestError:
        return True
    return False


@pytest.mark.parametrize(("path", "name"), CASES)
def test_only_what_all_services_take_is_a_name(path, name):
    assert [value for value in GOOD[name] if refused(path, name, value)] == []
    assert [value for value in WRONG[name] if not refused(path, name, value)] == []


def test_a_certificate_has_a_first_name_of_64_characters_at_most():
    (edge,) = [path for path in TEMPLATES if path.parents[1].name == "edge"]
    assert not refused(edge, "DomainName", f"{'a' * 52}.example.org")
    assert refused(edge, "DomainName", f"{'a' * 53}.example.org")

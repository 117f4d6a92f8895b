# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS's services are trusted only for our account, so that nobody makes them a confused deputy."""

import json

import pytest

from tests.unit.roles.policies import ROOT, template

COMPONENTS = sorted(path.parents[1].name for path in ROOT.glob("roles/*/files/stack.yaml"))
NAMES_US = ("aws:sourceaccount", "aws:sourcearn", "kms:encryptioncontext")
# Not every one of these services sends its account along to KMS. Whose words a topic takes, its own policy says.
OF_TOPICS = {("cloudwatch", "NotifiersEncrypt"), ("codepipeline", "EventsPublishes")}


def trusting(value):
    """The statements that let a service of AWS do something."""
    if isinstance(value, list):
        return [statement for item in value for statement in trusting(item)]
    if not isinstance(value, dict):
        return []
    if value.get("Effect") == "Allow" and "Service" in (value.get("Principal") or ()):
        return [value]
    return [statement for item in value.values() for statement in trusting(item)]


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_service_is_trusted_for_this_account_only(component):
    found = trusting(template(component)["Resources"])
    conditions = [(each, json.dumps(each.get("Condition", {})).lower()) for each in found]
    for_others = [each for each, said in conditions if not any(name in said for name in NAMES_US)]
    assert {(component, each.get("Sid")) for each in for_others} <= OF_TOPICS

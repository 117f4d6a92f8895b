# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::CloudWatch::Dashboard: its drift."""

import json

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import DriftReader, Properties


def _dashboard(name: str, properties: Properties) -> Properties | None:
    body, wanted = client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"], properties["DashboardBody"]
    return {"DashboardName": name, "DashboardBody": wanted if _says_the_same(body, wanted) else body}


def _says_the_same(body: str, wanted: str) -> bool:
    """Whether both are the same JSON, however it is laid out."""
    return bool(json.loads(body) == json.loads(wanted))


READERS = {"AWS::CloudWatch::Dashboard": DriftReader(_dashboard, frozenset({"DashboardName", "DashboardBody"}))}

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What AWS tells of every table, and MiniStack leaves out."""

from collections.abc import Callable
from typing import Any

from sandbox.ministack import dynamodb

Description = dict[str, Any]


def install() -> None:
    """Complete MiniStack's description of a table."""
    dynamodb._table_description = _whole(dynamodb._table_description)


def _whole(describe: Callable[[str], Description]) -> Callable[[str], Description]:
    def description(name: str) -> Description:
        made = describe(name)
        throughput = {"NumberOfDecreasesToday": 0, **made["ProvisionedThroughput"]}
        summary = made.get("BillingModeSummary")
        if summary and summary["BillingMode"] == "PAY_PER_REQUEST":
            summary = {"LastUpdateToPayPerRequestDateTime": made["CreationDateTime"], **summary}
        whole = {**made, "ProvisionedThroughput": throughput, "BillingModeSummary": summary}
        return {field: value for field, value in whole.items() if value is not None}

    return description

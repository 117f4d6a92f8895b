# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What gates measure with beside requests: CloudWatch's metrics, programs and files."""

from __future__ import annotations

from copy import copy
from datetime import UTC
from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..._errors import OperationError
from .commands import Commands
from .files import file_problem, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ..metrics import MetricQuery
    from ..values import CommandResult


class Metrics(AwsClient):
    """CloudWatch's metrics."""

    label = "CloudWatch"

    def series(
        self, queries: tuple[MetricQuery, ...], begin: datetime, end: datetime
    ) -> tuple[Mapping[datetime, float], ...]:
        """The values of each query from *begin* until before *end*, by the beginning of their period."""
        pages = self._pages(
            f"read the metrics {', '.join(query.metric for query in queries)}",
            "get_metric_data",
            MetricDataQueries=[_query(number, query) for number, query in enumerate(queries)],
            StartTime=begin,
            EndTime=end,
        )
        found: list[dict[datetime, float]] = [{} for _query in queries]
        for page in pages:
            for result in page["MetricDataResults"]:
                if (status := result.get("StatusCode")) in ("InternalError", "Forbidden"):
                    raise OperationError(f"CloudWatch did not give metric {result.get('Label')}: {status}.")
                times = (moment.astimezone(UTC) for moment in result["Timestamps"])
                found[int(result["Id"][1:])].update(zip(times, result["Values"], strict=True))
        return tuple(found)


def _query(number: int, query: MetricQuery) -> dict[str, Any]:
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": query.namespace,
                "MetricName": query.metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in query.dimensions],
            },
            "Period": query.period_seconds,
            "Stat": query.statistic,
        },
        "ReturnData": True,
    }


class AwsInstruments:
    """All of them, behind one port. *connect* makes a boto3 client by the service's name."""

    def __init__(self, connect: Callable[[str], Any]) -> None:
        self._metrics = Metrics(lambda: connect("cloudwatch"))
        self._commands = Commands()

    def metric_series(
        self, queries: tuple[MetricQuery, ...], begin: datetime, end: datetime
    ) -> tuple[Mapping[datetime, float], ...]:
        """The values of each query from *begin* until before *end*, by the beginning of their period, in UTC."""
        return self._metrics.series(queries, begin, end)

    def file_problem(self, path: str) -> str:
        """Why a file cannot be sent, as a sentence ends; empty when it can."""
        return file_problem(path)

    def read_file(self, path: str) -> bytes:
        """What a file holds. Raises OperationError when it cannot be read, or is too large."""
        return read_file(path)

    def run_command(
        self, command: tuple[str, ...], variables: Mapping[str, str], *, seconds: float, pass_credentials: bool
    ) -> CommandResult:
        """Run a program for *seconds* at most, with *variables* and, if wanted, this process's AWS credentials."""
        return self._commands.run(command, variables, seconds=seconds, pass_credentials=pass_credentials)

    def end_commands(self) -> None:
        """End all that `run_command` runs still, and what of `as_of_now` was about to run."""
        ended, self._commands = self._commands, Commands()
        ended.end()

    def as_of_now(self) -> AwsInstruments:
        """The same, but once commands are ended it begins no other."""
        return copy(self)

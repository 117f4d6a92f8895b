# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch Logs through boto3."""

from __future__ import annotations

from ..._aws.api import AwsClient

_MISSING = frozenset({"ResourceNotFoundException"})
_TAIL_PAGES = 10


class LogsClient(AwsClient):
    """The logs of one account and region."""

    label = "CloudWatch Logs"

    def group_exists(self, name: str) -> bool:
        """Whether the log group exists."""
        pages = self._pages(f"look for log group {name}", "describe_log_groups", logGroupNamePrefix=name)
        return any(group["logGroupName"] == name for page in pages for group in page["logGroups"])

    def tail(self, group: str, stream: str, *, lines: int) -> tuple[str, ...]:
        """The last *lines* of a stream; none when it does not exist.

        A page may hold fewer events than there are, or none; the stream begins where a page leads to itself.
        """
        found: list[str] = []
        token: dict[str, str] = {}
        for _page in range(_TAIL_PAGES):
            answer = self._find(
                f"read log stream {stream}",
                "get_log_events",
                _MISSING,
                logGroupName=group,
                logStreamName=stream,
                limit=lines,
                startFromHead=False,
                **token,
            )
            if answer is None:
                break
            found = [*(event["message"].rstrip("\n") for event in answer["events"]), *found]
            before = {"nextToken": answer.get("nextBackwardToken", "")}
            if len(found) >= lines or before["nextToken"] in ("", token.get("nextToken")):
                break
            token = before
        return tuple(found[-lines:])

# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A quiet run: a line for each component, a total, and what to do next."""

from __future__ import annotations

DOCUMENTATION = """
name: summary
type: stdout
short_description: A line for each component, a total, and what to do next
version_added: 0.1.0
author: The Fastbreak maintainers (@fastbreak-sports)
description:
  - Shows one line for each component that says what was done or would be done, each failure once, and at the end a
    total and what to do next. A deployment ends with the address of the service.
  - With C(-v) or more everything is shown, as by P(ansible.builtin.default#callback).
  - With C(--diff) the changes of what exists are shown. What would be created is counted, and shown with C(-v).
  - In a job of GitHub Actions the same lines are added to the job's summary (E(GITHUB_STEP_SUMMARY)), and as tables
    what a plan would change, replacements of what holds data first, and the gates of a release.
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
requirements:
  - Set C(stdout_callback=fastbreak.aws.summary) in C(ansible.cfg), or E(ANSIBLE_STDOUT_CALLBACK) in the environment.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants, context
from ansible.plugins.callback.default import CallbackModule as Default

from ..plugin_utils._before_workers import collect_seldom
from ..plugin_utils._job_summary import JobSummary
from ..plugin_utils._summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = "image_promotion_source_account_id"
"""The variable that is empty in an environment to which nothing is promoted."""
JOB_SUMMARY = "GITHUB_STEP_SUMMARY"
"""GitHub's name for the file to which a step of a job adds its summary."""
LOUD = (
    "v2_playbook_on_task_start",
    "v2_playbook_on_handler_task_start",
    "v2_playbook_on_cleanup_task_start",
    "v2_playbook_on_include",
    "v2_playbook_on_no_hosts_matched",
    "v2_playbook_on_no_hosts_remaining",
    "v2_playbook_on_notify",
    "v2_runner_on_start",
    "v2_runner_on_skipped",
    "v2_runner_item_on_skipped",
    "v2_runner_retry",
)
"""Events that are shown with -v and say nothing otherwise."""


# The first of the collection's plugins that a run loads.
collect_seldom()


class CallbackModule(Default):  # type: ignore[misc] # ansible-core publishes no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "fastbreak.aws.summary"

    def __init__(self) -> None:
        super().__init__()
        self._summary = Summary(check_mode=bool(context.CLIARGS.get("check")))
        self._job = JobSummary()
        self._play: Any = None

    @property
    def _loud(self) -> bool:
        return bool(self._display.verbosity)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._summary.playbook = Path(playbook._file_name).stem  # noqa: SLF001 - there is no public name
        if self._loud:
            super().v2_playbook_on_start(playbook)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play
        if self._loud:
            super().v2_playbook_on_play_start(play)

    def v2_runner_on_ok(self, result: Any) -> None:
        line = self._summary.ok(*self._facts(result), checked=bool(result.task.check_mode))
        self._job.say(line)
        self._job.judged(result.result)
        if self._summary.check_mode and line is not None:
            self._job.plan.add(result.host.get_name(), result.result)
        if self._loud:
            super().v2_runner_on_ok(result)
            return
        self._handle_warnings(result.result)
        self._show(line, constants.COLOR_CHANGED if result.result.get("changed") else constants.COLOR_OK)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._summary.ok(*self._facts(result), checked=bool(result.task.check_mode))
        if self._loud:
            super().v2_runner_item_on_ok(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if self._loud:
            super().v2_runner_on_failed(result, ignore_errors=ignore_errors)
        if not ignore_errors and not result.result.get("results"):
            self._fail(result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        if self._loud:
            super().v2_runner_item_on_failed(result)
        if not result.task.ignore_errors:
            self._fail(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        if self._loud:
            super().v2_runner_on_unreachable(result)
        self._fail(result)

    def v2_on_file_diff(self, result: Any) -> None:
        creates = str(result.result.get("summary", "")).startswith("create")
        if self._loud:
            super().v2_on_file_diff(result)
        elif result.result.get("diff") and result.result.get("changed") and not creates:
            self._show(self._get_diff(result.result["diff"]).strip("\n") or None, constants.COLOR_DIFF_LINES)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        if self._loud:
            super().v2_playbook_on_stats(stats)
        hosts = [host for host in stats.processed if host != "localhost"]
        failures = sum(1 for host in stats.processed if stats.failures.get(host) or stats.dark.get(host))
        self._summary.promotes = any(self._variable(host, SOURCE) for host in hosts[:1])
        for line in self._summary.end(failures, len(hosts) or failures):
            self._job.say(line)
            self._display.display(line)
        if path := os.environ.get(JOB_SUMMARY):
            self._write_job_summary(path, failed=bool(failures))

    def _write_job_summary(self, path: str, *, failed: bool) -> None:
        try:
            with Path(path).open("a", encoding="utf-8", errors="replace") as file:
                file.write(self._job.text(self._summary.playbook, failed=failed))
        except OSError as error:
            self._display.warning(f"The job's summary was not written to {path} ({JOB_SUMMARY}): {error.strerror}.")

    def _fail(self, result: Any) -> None:
        """Say why a task failed, once. With -v it is shown by the default callback, and only the summary needs it."""
        line = self._summary.failed(result.host.get_name(), result.task.action, result.result)
        self._job.say(line)
        self._job.judged(result.result)
        if not self._loud:
            self._handle_warnings(result.result)
            self._show(line, constants.COLOR_ERROR)

    def _variable(self, host: str, name: str) -> Any:
        """A variable of a host, as inventory and command line have it; None when it has none of that name."""
        manager = self._play.get_variable_manager()
        found = manager._inventory.get_host(host)  # noqa: SLF001 - there is no public name
        return manager.get_vars(play=self._play, host=found, include_hostvars=False).get(name)

    def _facts(self, result: Any) -> tuple[str, str, str, dict[str, Any]]:
        return result.host.get_name(), result.task.action, result.task.get_name(), result.result

    def _show(self, line: str | None, colour: str) -> None:
        if line is not None:
            self._display.display(line, color=colour)


def _only_loud(name: str) -> Callable[..., None]:
    """An event that the default callback shows, and that is not shown without -v."""

    def event(self: CallbackModule, *words: Any, **options: Any) -> None:
        if self._loud:
            getattr(Default, name)(self, *words, **options)

    event.__name__ = name
    return event


for _name in LOUD:
    setattr(CallbackModule, _name, _only_loud(_name))

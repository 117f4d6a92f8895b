# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An action plugin that does a module's work in the controller: its options, its AWS clients, its errors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from ansible.plugins.action import ActionBase
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec
from ansible_collections.amazon.aws.plugins.plugin_utils.base import AWSPluginBase

from ..module_utils._common.clock import SystemClock
from ..module_utils._errors import FastbreakError, OperationError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping


class AwsAction(ActionBase):  # type: ignore[misc] # ansible-core publishes no types
    """Runs `perform` with the validated options and turns our errors into a failed task."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    #: The module's own options and its conditions across options.
    argument_spec: ClassVar[dict[str, Any]] = {}
    cross_checks: ClassVar[dict[str, Any]] = {}

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._apply_environment()
        spec = {**aws_argument_spec(), **self.argument_spec}
        _validation, params = self.validate_argument_spec(spec, **self.cross_checks)
        try:
            result.update(self.perform(params, task_vars or {}))
        except FastbreakError as error:
            result.update({**error.details, "failed": True, "msg": error.message})
        return result

    def perform(self, params: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The work: options in, the task's result out."""
        raise NotImplementedError

    def say(self, line: str) -> None:
        """Show one line while the task runs."""
        self._display.display(line)

    def _apply_environment(self) -> None:
        """The task's ``environment``. A worker is a process of its own, so this reaches nobody else."""
        for variables in self._task.environment or []:
            resolved = self._templar.template(variables)
            os.environ.update({str(key): str(value) for key, value in (resolved or {}).items()})


class Connection(AWSPluginBase):  # type: ignore[misc] # nor does amazon.aws
    """Makes boto3 clients from the options that every AWS module has."""

    ansible_name = "fastbreak.aws"

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params

    def get_options(self) -> Mapping[str, Any]:
        return self._params

    def _do_fail(self, message: str) -> None:
        raise UnavailableError(f"{message}. Check region, profile and AWS_ENDPOINT_URL.")


class WorkerClock(SystemClock):
    """The real clock of a worker, which stops waiting when the controller that started it is gone."""

    def __init__(self) -> None:
        self._controller = os.getppid()

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if os.getppid() != self._controller:
            raise OperationError("The ansible-playbook run that this belonged to has ended. Run it again.")

# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's work in the controller: no transfer, no second interpreter, and lines of progress while it works."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from ansible.errors import AnsibleError
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from ..module_utils._aws.connection import Connection, load_models
from ..module_utils._aws.options import aws_options
from ..module_utils._common.clock import SystemClock
from ..module_utils._common.controller import Controller
from ..module_utils._common.entry import Context, Entry, answer
from ..module_utils._common.interruption import heard_once, interrupted
from ..module_utils._errors import RequestError
from ._before_workers import collect_seldom, load_templating, spare_workers
from ._confirmed_account import ACCOUNT_VARIABLES, ConfirmedAccount
from ._interrupted_run import say_last, watch_end
from ._orphaned_worker import end_with_run
from ._screen import Screen, size_of, terminal
from ._started import as_started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..module_utils._common.progress import Board, LiveProgress


class EntryAction(ActionBase):  # type: ignore[misc] # ansible-core publishes no types
    """Runs the work of ``entry`` with the validated options and turns our errors into a failed task."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    entry: ClassVar[Entry]
    #: Whether the account has to be the inventory's before the work begins.
    confirms_account: ClassVar[bool] = True

    def __init_subclass__(cls, **arguments: Any) -> None:
        """The controller reads an action before it forks a worker for each task: what is loaded now is loaded once."""
        super().__init_subclass__(**arguments)
        collect_seldom()
        watch_end()
        end_with_run()
        terminal()
        if cls.entry.aws and not cls.entry.aws_optional:
            load_models(cls.entry.services)
        if cls.entry.services:
            load_templating()
        spare_workers()

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._apply_environment()
        entry = self.entry
        if refused := answer(lambda: self._refused(task_vars or {})):
            return {**result, **refused}
        spec = {**(aws_options() if entry.aws else {}), **entry.argument_spec}
        try:
            _validation, params = self.validate_argument_spec(spec, **entry.cross_checks)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            return {**result, **answer(partial(_unreadable, error))}
        controller = Controller()
        context = Context(
            connect=Connection(params),
            clock=SystemClock(awake=controller.check),
            progress=self._progress(controller),
            check_mode=self._task.check_mode,
        )
        with heard_once():
            with controller.watched():
                done = answer(lambda: self._confirmed(params, context, task_vars or {}))
            failed = done.get("failed")
            result.update(as_started(done, (task_vars or {}).get("fastbreak_environment")) if failed else done)
            secrets = entry.secrets(params)
            shown: dict[str, Any] = remove_values(result, secrets) if secrets else result
            if interrupted():
                say_last(f"{self._task.get_name()}: {shown.get('msg', 'it had ended.')}")
        return shown

    def _progress(self, controller: Controller) -> LiveProgress:
        """Where it is shown what is done: a board on a terminal, plain lines elsewhere and with -v."""
        display, path = self._display.display, terminal()
        if not path or self._display.verbosity:
            return Lines(display, controller)
        shown = partial(display, screen_only=True)
        return Lines(display, controller, Screen(shown, partial(display, log_only=True), partial(size_of, path)))

    def _refused(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing, unless this raises RequestError."""
        self.prepare(task_vars)
        self.entry.refuse(self._task.args)
        return {}

    def _confirmed(self, params: dict[str, Any], context: Context, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The work, once it is known that the account is the inventory's."""
        if self.entry.aws and self.confirms_account:
            named = {name: self._templar.template(task_vars[name]) for name in ACCOUNT_VARIABLES if name in task_vars}
            ConfirmedAccount(named).insist(self._task.args, context)
        return self.perform(self._with_files(params), context, task_vars)

    def prepare(self, _task_vars: Mapping[str, Any]) -> None:
        """Complete the task's options. May raise RequestError."""

    def perform(self, params: dict[str, Any], context: Context, _task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The work: options in, the task's result out."""
        return self.entry.perform(params, context)

    def _with_files(self, params: dict[str, Any]) -> dict[str, Any]:
        """*params* with relative names of files found where a role or playbook keeps its files."""
        for path in self.entry.files:
            params = self._with_file(params, path)
        return params

    def _with_file(self, options: dict[str, Any], path: str) -> dict[str, Any]:
        name, _dot, inner = path.partition(".")
        value = options[name]
        if not value or (not inner and Path(value).is_absolute()):
            return options
        if inner:
            return {**options, name: self._with_file(value, inner)}
        try:
            return {**options, name: self._find_needle("files", value)}
        except AnsibleError as error:
            raise RequestError(
                f"Tried to find the file {value!r} of the option {name}, but it is neither beside the playbook or role "
                "nor in a folder files there. Nothing was changed. Correct it, or name it from the root (/...)."
            ) from error

    def _apply_environment(self) -> None:
        """The task's ``environment``. A worker is a process of its own, so this reaches nobody else."""
        for variables in self._task.environment or []:
            resolved = self._templar.template(variables)
            os.environ.update({str(key): str(value) for key, value in (resolved or {}).items()})


def _unreadable(error: Exception) -> NoReturn:
    """Say that ansible-core's validation came to no answer, where it should have named an option."""
    raise RequestError(
        "The task was refused because of its options; nothing was asked and nothing was changed: ansible-core could "
        f"not read them ({type(error).__name__}: {error}). Compare the type of each with the module's documentation "
        "(ansible-doc): a text or a number may stand where a mapping or a list is wanted."
    )


class Lines:
    """Shows lines while the controller is there, on a *screen* if there is one."""

    def __init__(self, show: Callable[[str], Any], controller: Controller, screen: Screen | None = None) -> None:
        self._show = screen.say if screen else show
        self._screen = screen
        self._controller = controller
        self.live = screen is not None

    def say(self, text: str) -> None:
        """Show a line."""
        self._controller.check()
        self._show(text)

    def draw(self, board: Board) -> None:
        """Show *board* in the place of the one before; nothing without a screen."""
        self._controller.check()
        if self._screen:
            self._screen.draw(board)

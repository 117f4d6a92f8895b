# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a quiet run says: a line for each component, a total, and what to do next."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..module_utils._common.commands import DEPLOY, PROMOTE, PUBLISH
from ..module_utils._stack.components import enumerated
from ._left_behind import left_behind
from ._started import ROOT, as_started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WIDTH = 16
_COUNTS = re.compile(r"(\d+) to (add|modify|remove)")
_DONE = {"add": "added", "modify": "modified", "remove": "removed"}
_HOST = re.compile(r"^https?://[^/]+")


def _stack(result: Mapping[str, Any]) -> str:
    return str(result.get("summary") or "no change")


def _rollout(result: Mapping[str, Any]) -> str:
    outcome = (result.get("release") or {}).get("outcome")
    seconds = (result.get("timings") or {}).get("total_seconds")
    words = [str(result.get("action") or ""), str(result.get("version") or "")]
    text = " ".join(word for word in words if word) or "done"
    text += f", {outcome}" if outcome else ""
    return text + (f", in {seconds:.0f} s" if isinstance(seconds, (int, float)) else "")


def _predicted(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """A plan's result without outcome and time: they would be those of a release that ran before."""
    return {name: value for name, value in result.items() if name not in {"release", "timings"}}


def _promotion(result: Mapping[str, Any]) -> str:
    images = result.get("images") or []
    return ", ".join(f"{image.get('tag') or 'image'} {image.get('digest', '')}" for image in images) or "no image"


def _image(result: Mapping[str, Any]) -> str:
    return f"{result.get('tag', '')} {result.get('digest') or '(not built: a plan)'}"


def _service_task(result: Mapping[str, Any]) -> str:
    """The last of what the command said of itself."""
    return str((result.get("output") or ["(not run: a plan)"])[-1])


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "cloudformation_stack": _stack,
    "component_stack": _stack,
    "ecs_rollout": _rollout,
    "ecs_service_task": _service_task,
    "image_promotion": _promotion,
    "ecr_image": _image,
}
"""How the result of each module that does a component's work is said."""


_PASSES_ON = "component_failure"


def message_of(result: Mapping[str, Any]) -> str:
    """Why a task failed, in the words that the task has for it."""
    for key in ("msg", "censored", "reason", "module_stderr", "stderr", "stdout"):
        if text := str(result.get(key) or "").strip():
            return text
    return "it failed and did not say why"


@dataclass
class Summary:
    """What happened so far. Each method returns the line to show now, or None."""

    check_mode: bool = False
    playbook: str = ""
    promotes: bool = False
    """Whether the environment gets its images by promotion, and publishes none."""
    changed: set[str] = field(default_factory=set)
    components: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    monthly: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What each stack costs a month, as its module says it."""
    left: dict[tuple[str, str], list[Mapping[str, Any]]] = field(default_factory=dict)
    """What deletions of each stack leave behind, or left behind before."""
    plans: set[tuple[str, Any, str]] = field(default_factory=set)
    """What was planned for each stack, as it was told."""
    url: str = ""
    tag: str = ""
    told: dict[str, str] = field(default_factory=dict)
    """Who was the first to fail with each message: what all share is wrong for all."""
    untouched: dict[str, set[str]] = field(default_factory=dict)
    """Who was left alone, and because of whom: that is said once, at the end."""

    def ok(self, host: str, action: str, task: str, result: Mapping[str, Any], *, checked: bool = False) -> str | None:
        """A task that went well. *action* may be a full name. *checked*: the task did nothing, and only looked."""
        if result.get("changed"):
            self.changed.add(host)
        name = action.rpartition(".")[2]
        if name in _WORDS:
            self.components.add(host)
            text = _WORDS[name](_predicted(result) if self.check_mode else result)
            if self._is_foreseen(host, result, text, checked=checked):
                return None
            self.counts.update({word: int(number) for number, word in _COUNTS.findall(text)})
            self.left[host, str(result.get("stack_name"))] = list(result.get("left_behind") or [])
            if cost := result.get("monthly_cost"):
                self.monthly[host] = cost
            for found in (result, *(result.get("images") or [])):
                self.tag = str(found.get("tag") or self.tag)
            return _line(host, text if self.check_mode else _COUNTS.sub(_done, text))
        if name == "uri" and (found := _HOST.match(str(result.get("url") or ""))):
            self.url = found[0]
        if name == "debug" and isinstance(lines := result.get("msg"), list):
            # A table that was asked for.
            return _line(host, "\n".join(map(str, lines)))
        return _line(host, f"{task}: changed") if result.get("changed") else None

    def _is_foreseen(self, host: str, result: Mapping[str, Any], text: str, *, checked: bool) -> bool:
        """Whether this is a look ahead at what another task does, or in a plan that other task: it was told already."""
        if not self.check_mode:
            return checked
        told = (host, result.get("stack_name"), text)
        if told in self.plans:
            return told[1] is not None
        self.plans.add(told)
        return False

    def failed(self, host: str, action: str, result: Mapping[str, Any]) -> str | None:
        """A task that failed. What only passes a failure on says nothing, for that was said already."""
        self.components.add(host)
        if action.rpartition(".")[2] == _PASSES_ON:
            return None
        if causes := result.get("failed_components"):
            self.untouched[host] = set(causes)
            return None
        message = message_of(result)
        # What is wrong for all names each: the inventory of ecr, the inventory of rds.
        first = self.told.setdefault(re.sub(rf"\b{re.escape(host)}\b", "", message), host)
        return _line(host, f"FAILED: {message}" if first == host else f"FAILED as {first} did")

    def end(self, failures: int, hosts: int) -> list[str]:
        """The last lines. *failures*: hosts that failed or could not be reached; *hosts*: those that had tasks."""
        if not hosts and not self.components:
            return ["Nothing was done: no component was matched. Look at the inventory and at --limit."]
        count = len(self.components) or hosts
        changed = "would change" if self.check_mode else "changed"
        parts = [f"{count} component{'' if count == 1 else 's'}", f"{len(self.changed)} {changed}"]
        failed = failures - len(self.untouched)
        parts += [f"{failed} failed"] if failed > 0 else []
        parts += [f"{len(self.untouched)} not touched"] if self.untouched else []
        words = {word: f"to {word}" for word in _DONE} if self.check_mode else _DONE
        resources = ", ".join(f"{self.counts[word]} {text}" for word, text in words.items())
        total = ", ".join(parts) + (f" (resources: {resources})" if self.counts else "") + "."
        behind = left_behind(self.left, deletes=self.playbook == "teardown", check_mode=self.check_mode)
        return ["", *self._left_alone(), total, *behind, *self._cost(failures), *self._next(failures)]

    def _left_alone(self) -> list[str]:
        """Who was not touched, and which failure is the reason: not that of one that was itself left alone."""
        if not self.untouched:
            return []
        named = set[str]().union(*self.untouched.values())
        causes = sorted(named - set(self.untouched)) or sorted(named)
        return [f"Nothing was touched of {enumerated(sorted(self.untouched))}, since {enumerated(causes)} failed."]

    def _cost(self, failures: int) -> list[str]:
        """What the environment costs, in a plan: who applies it wants to know before.

        Of a teardown only what is left behind costs anything, which is told with its price.
        """
        if not self.check_mode or not self.monthly or failures or self.playbook == "teardown":
            return []
        least = any(cost["at_least"] for cost in self.monthly.values())
        unpriced = [name for cost in self.monthly.values() for name in cost["unpriced"]]
        about = f"{'at least' if least else 'about'} {self._usd('usd'):.0f} USD a month{self._difference()}"
        without = f", without {', '.join(unpriced)}, whose price is not known," if unpriced else ""
        # The command is the clone's; the installed collection does not have it.
        more = "; `make cost` says more" if (ROOT / "Makefile").is_file() else ""
        return [f"It costs {about}{without} while nobody uses it and before its tasks{more}."]

    def _usd(self, name: str) -> float:
        return sum(float(cost.get(name) or 0) for cost in self.monthly.values())

    def _difference(self) -> str:
        """By how much that is more or less than now; nothing where nothing stands, or it stays the same."""
        before = self._usd("usd_before")
        more = round(self._usd("usd")) - round(before)
        return f" ({abs(more)} {'more' if more > 0 else 'less'} than now)" if before and more else ""

    def _next(self, failures: int) -> list[str]:
        if failures:
            return ["Correct what is named above and run the same command again; -v shows every task."]
        if self.check_mode:
            applied = "This was a plan and nothing was changed. Without --check it is applied; -v shows every property."
            return [applied if self.changed else "This was a check, and nothing would change."]
        if self.url:
            return [f"The service answers at {self.url}"]
        if self.playbook == "site" and self.changed:
            verb, command = ("promote", PROMOTE) if self.promotes else ("publish", PUBLISH)
            return [f"Next, {verb} an image and deploy it: {_now(command, '<version>')}"]
        if self.playbook in {"publish", "promote"} and self.tag:
            return [f"Next, deploy it: {_now(DEPLOY, self.tag)}"]
        return []


def _now(command: str, version: str) -> str:
    return str(as_started(command.format(version=version)))


def _done(found: re.Match[str]) -> str:
    return f"{found[1]} {_DONE[found[2]]}"


def _line(host: str, text: str) -> str:
    first, *more = text.splitlines() or [""]
    return "\n".join([f"{host.ljust(WIDTH)} {first}", *(f"{'':{WIDTH}} {line}" for line in more)])

# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``served_inference``: known clips through the service, by its listener, as a user would have them analysed.

A task of the release sends them, since test listeners admit the network of the tasks alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from ..service.requests import Aim, aim
from ..stages import Stage
from .http_address import (
    address_problems,
    at_listener,
    below,
    header_options,
    header_problems,
    read_headers,
    referred_secret,
    secrets_of,
    untold_problems,
)
from .inference import InferenceGate
from .one_off import begin
from .settings import shared_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..._release.image import ReleaseImage
    from ..stages import Phase
    from ..values import ListenerRule
    from .golden import Golden
    from .model import Scene
    from .one_off import Errand

# A clip that is not analysed by then is told with its state, before the task is stopped without a word.
_WAIT_SHARE = 0.9
_PATH = "/v1/analyses"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedInferenceGate(InferenceGate):
    """Clips that are sent to ``path`` have to come back with the persons, angles and findings of ``golden_file``.

    ``url`` and ``headers`` are as they were given; ``aim`` is what is sent, with what a rule asks for besides. Speed
    is not compared: others wait in the queue, too.
    """

    kind: ClassVar[str] = "served_inference"
    options: ClassVar[Mapping[str, Any]] = {
        **{name: option for name, option in InferenceGate.options.items() if name != "minimum_speed_ratio"},
        "path": {"type": "str"},
        "version_header": {"type": "str", "default": "x-fastbreak-version"},
        "headers": {"type": "dict", "default": {}},
    }
    possible_stages: ClassVar[tuple[Stage, ...]] = (Stage.BEFORE_TRAFFIC, Stage.AFTER_TRAFFIC)
    needs_traffic: ClassVar[bool] = True
    continues: ClassVar[bool] = False
    by_task: ClassVar[bool] = True

    name: str = "served_inference"
    stages: tuple[Stage, ...] = (Stage.BEFORE_TRAFFIC, Stage.AFTER_TRAFFIC)
    minimum_speed_ratio: float = 0.0
    url: str
    path: str = _PATH
    version_header: str = "x-fastbreak-version"
    headers: tuple[tuple[str, str], ...] = ()
    aim: Aim | None = None

    @classmethod
    def read(cls, options: Mapping[str, Any], url: str) -> ServedInferenceGate:
        """The gate of a path below *url*. Raises RequestError for a header that is no text."""
        shared = shared_fields(cls, options, cls.kind, least_seconds=cls.least_seconds(options, tasks=1))
        path = options["path"] or _PATH
        return cls(
            **shared,
            **cls.own_fields(options, InferenceGate.options.keys() & cls.options.keys()),
            version_header=options["version_header"],
            headers=read_headers(f"Gate {shared['name']}: headers", options["headers"]),
            url=below(url, path),
            path=path,
        )

    def aimed(self, rules: Iterable[ListenerRule]) -> ServedInferenceGate:
        """The gate whose requests have what the rule for its path asks for, besides what it says itself."""
        return replace(self, aim=aim("POST", self.url, dict(self.headers), rules))

    def at(self, phase: Phase) -> ServedInferenceGate | None:
        """By the test listener before there are users, as they come in once all do. In between anybody may answer."""
        if phase.stage not in self.stages or phase.stage is Stage.EACH_STEP:
            return None
        if phase.stage is Stage.AFTER_TRAFFIC:
            return self
        if not phase.test_url:
            return None
        url, sent = at_listener(phase.test_url, self.path or urlsplit(self.url).path, self.sent)
        return replace(self, url=url, aim=sent)

    @property
    def sent(self) -> Aim:
        """What is sent."""
        return self.aim or Aim(self.url, self.headers)

    @property
    def users_url(self) -> str:
        """Where it sends them once all users reach the release."""
        return self.url

    @property
    def needs_load_balancer(self) -> bool:
        """It sends clips through it."""
        return True

    def problems(self) -> Iterator[str]:
        """Nothing to send or to compare with, or no address to send it to."""
        # Not super(): a class with slots is made anew, and the one that super() means is not it.
        yield from InferenceGate.problems(self)
        if not self.inference_clips:
            yield "inference_clips is empty; name the clips of golden_file."
        yield from address_problems(self.url, self.sent)
        yield from header_problems(self.headers)

    def misfits(self, release: ReleaseImage) -> Iterator[str]:
        """Answers name the release by its tag."""
        yield from untold_problems(self.version_header, release)

    def secrets(self) -> Iterator[str]:
        """What addresses of clips and its requests hold that is the user's."""
        yield from InferenceGate.secrets(self)
        yield from secrets_of(self.sent)

    def secret_names(self) -> frozenset[str]:
        """Those that its headers refer to."""
        return frozenset(filter(None, (referred_secret(value) for _name, value in self.headers)))

    def _begin(self, scene: Scene, revision: str) -> Errand:
        wait = f"{_WAIT_SHARE * self.inference_timeout_seconds / max(1, len(self.inference_clips)):g}"
        named = ("--version-header", self.version_header, "--expect-version", scene.version)
        given = tuple(part for name, value in self.sent.headers for part in header_options(name, value))
        through = ("--through", self.sent.url, "--wait", wait, *(named if self.version_header else ()), *given)
        command = (*self.inference_command, *through, *self.inference_clips)
        return begin(scene, revision, self.inference_container, command, scene.probe_role_arn)

    def _comparable(self, wanted: Golden, found: Golden | None) -> Golden:
        """An answer names one of the networks; what it does not name is not known, and no difference."""
        named = found.models.keys() if found else ()
        return replace(wanted, models={name: value for name, value in wanted.models.items() if name in named})

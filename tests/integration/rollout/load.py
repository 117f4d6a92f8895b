# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users who send requests to a load balancer all the time."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Self

from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.probe import HttpProbe


class Load:
    """Requests of `url` by four users at once, until its `with` block ends; `answers` counts them by status."""

    def __init__(self, url: str) -> None:
        self.answers: Counter[int] = Counter()
        self._url = url
        self._ended = threading.Event()
        self._users = [threading.Thread(target=self._send) for _ in range(4)]

    def _send(self) -> None:
        probe = HttpProbe(clock=SystemClock())
        while not self._ended.wait(0.1):
            answer = probe.request("GET", self._url, timeout_seconds=60, version_header="")
            self.answers[answer.status] += 1

    def __enter__(self) -> Self:
        for user in self._users:
            user.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for user in self._users:
            user.join()

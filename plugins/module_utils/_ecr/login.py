# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A login to ECR's registry, kept until the registry refuses it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._oci.login import Login
    from .client import EcrClient
    from .values import Authorization


class EcrLogins:
    """The logins of one registry; each is good for twelve hours. Safe to use from many threads."""

    def __init__(self, client: EcrClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._known: Authorization | None = None

    @property
    def endpoint(self) -> str:
        """Where the registry is reached, as ``proxyEndpoint`` says."""
        return self._authorization().endpoint

    def login(self, refused: Login | None = None) -> Login | None:
        """The login to use; another when that was *refused*."""
        return self._authorization(refused).login

    def _authorization(self, refused: Login | None = None) -> Authorization:
        with self._lock:
            if self._known is None or self._known.login == refused:
                self._known = self._client.get_authorization_token()
            return self._known

# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECR's logins, through boto3: asked for again when a registry no longer takes one."""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._aws.api import AwsClient
from .._errors import UnavailableError
from .._oci.login import Login

if TYPE_CHECKING:
    from collections.abc import Callable


class EcrLogin(AwsClient):
    """Logins to the registry of one account; each is good for twelve hours. Safe to use from many threads."""

    label = "ECR"

    def __init__(self, connect: Callable[[], Any], account: str) -> None:
        super().__init__(connect)
        self._account = account
        self._lock = threading.Lock()
        self._known: Login | None = None
        self._endpoint = ""

    @property
    def endpoint(self) -> str:
        """Where the registry is reached, as ``proxyEndpoint`` says."""
        self.login()
        return self._endpoint

    def login(self, refused: Login | None = None) -> Login | None:
        """The login to use; a new one when the known one was *refused*."""
        with self._lock:
            if self._known is None or self._known == refused:
                self._known = self._authorize()
            return self._known

    def _authorize(self) -> Login:
        attempted = f"get a login for the registry of account {self._account}"
        answer = self._call(attempted, "get_authorization_token", registryIds=[self._account])
        try:
            data = answer["authorizationData"][0]
            username, _colon, password = (
                base64.b64decode(data["authorizationToken"], validate=True).decode().partition(":")
            )
            self._endpoint = data["proxyEndpoint"]
            return Login(urlsplit(self._endpoint).netloc, username, password)
        except (KeyError, IndexError, ValueError) as reason:
            raise UnavailableError(
                f"Tried to {attempted}, but ECR's answer cannot be read ({type(reason).__name__}). Run again."
            ) from reason

# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""boto3 clients: the only place that makes them, for modules as for action plugins."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from .._errors import UnavailableError
from .api import CONFIG
from .deadline import forbid_abandoned
from .options import side_params
from .proxy import check_proxy

if TYPE_CHECKING:
    from collections.abc import Mapping


class Connection:
    """Makes boto3 clients from the options that every AWS module has, and what one side of a task says otherwise."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params

    def __call__(self, service: str, overrides: Mapping[str, str] | None = None, **arguments: Any) -> Any:
        """A client of *service*. Raises UnavailableError when none can be made: no region, an unknown profile.

        Raises RequestError for a proxy of the environment that cannot be read, which botocore's errors would show.
        """
        library = load_boto3()
        if not library.HAS_BOTO3:
            raise UnavailableError(
                "Tried to reach AWS, but the Python that runs this task has no boto3. Install it beside ansible-core."
            )
        asker = _Asker(side_params(self._params, overrides or {}))
        region, endpoint, given = library.get_aws_connection_info(asker)
        given = {**given, "config": dict(CONFIG), **arguments}
        client = library.boto3_conn(
            asker, conn_type="client", resource=service, region=region, endpoint=endpoint, **given
        )
        check_proxy(client.meta.endpoint_url)
        forbid_abandoned(client)
        return client


def load_boto3() -> Any:
    """What amazon.aws makes clients with. It loads boto3, which takes half a second: not before it is needed."""
    return import_module("ansible_collections.amazon.aws.plugins.module_utils.botocore")


class _Asker:
    """What amazon.aws asks of a module."""

    _name = "fastbreak.aws"

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params

    def fail_json(self, msg: str, **_facts: Any) -> NoReturn:
        """Raise, where a module would end."""
        raise UnavailableError(
            f"Tried to connect to AWS, but the options do not allow it: {msg}. Check region, profile and "
            "AWS_ENDPOINT_URL, and those of source and destination where the task has them."
        )

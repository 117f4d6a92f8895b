# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of AWS: the only place that makes them, for modules as for action plugins."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from .._errors import UnavailableError
from .api import CONFIG
from .deadline import forbid_abandoned
from .options import side_params
from .proxy import check_proxy

if TYPE_CHECKING:
    from collections.abc import Mapping


#: Who asks nothing of anybody. Without keys botocore would look for some, on the network too.
_NOBODY = {"region_name": "us-east-1", "aws_access_key_id": "nobody", "aws_secret_access_key": "nothing"}


class Connection:
    """Makes botocore clients from the options that every AWS module has, and what one side of a task says otherwise."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params

    def __call__(self, service: str, overrides: Mapping[str, str] | None = None) -> Any:
        """A client of *service*. Raises UnavailableError when none can be made: no region, an unknown profile.

        Raises RequestError for a proxy of the environment that cannot be read, which botocore's errors would show.
        """
        library = load_boto3()
        if not library.HAS_BOTO3:
            raise UnavailableError(
                "Tried to reach AWS, but the Python that runs this task has no boto3. Install it beside ansible-core."
            )
        region, endpoint, given = library.get_aws_connection_info(_Asker(side_params(self._params, overrides or {})))
        client = _client(service, region, endpoint, dict(given))
        check_proxy(client.meta.endpoint_url)
        forbid_abandoned(client)
        return client


def load_boto3() -> Any:
    """What amazon.aws reads options with. It loads boto3, which takes half a second: not before it is needed."""
    return import_module("ansible_collections.amazon.aws.plugins.module_utils.botocore")


def load_models(services: tuple[str, ...]) -> None:
    """Read what clients of *services* are made of, so that whatever is forked from this process need not.

    That is botocore's own modules and the models of the APIs, ten times what making a client takes otherwise.
    """
    if not load_boto3().HAS_BOTO3:
        return
    errors = import_module("botocore.exceptions")
    # What is wrong with the environment is told by the task that makes a client with it.
    with suppress(errors.BotoCoreError, ValueError):
        for service in services:
            _session().create_client(service, **_NOBODY)


def _client(service: str, region: str | None, endpoint: str | None, given: dict[str, Any]) -> Any:
    errors = import_module("botocore.exceptions")
    try:
        config = import_module("botocore.config").Config(user_agent_extra="fastbreak.aws", **CONFIG)
        if wanted := given.pop("aws_config", None):
            config = config.merge(wanted)
        session = _session(given.pop("profile_name", None))
        return session.create_client(service, region_name=region, endpoint_url=endpoint, config=config, **given)
    except errors.NoRegionError as error:
        raise _unconnected(
            "there is no region, neither in the options nor in the environment or the profile"
        ) from error
    except (errors.BotoCoreError, ValueError) as error:
        raise _unconnected(str(error)) from error


def _session(profile: str | None = None) -> Any:
    """A session whose models are read once in a process, whatever the sessions before it were for."""
    session = import_module("botocore.session").Session(profile=profile)
    session.register_component("data_loader", _models(session.get_config_variable("data_path")))
    return session


@cache
def _models(path: str | None) -> Any:
    """Reads models, which lie with botocore and in the folders of *path*, and keeps them."""
    return import_module("botocore.loaders").create_loader(path)


def _unconnected(seen: str) -> UnavailableError:
    return UnavailableError(
        f"Tried to connect to AWS, but the options do not allow it: {seen}. Check region, profile and "
        "AWS_ENDPOINT_URL, and those of source and destination where the task has them."
    )


class _Asker:
    """What amazon.aws asks of a module."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params

    def fail_json(self, msg: str, **_facts: Any) -> NoReturn:
        """Raise, where a module would end."""
        raise _unconnected(msg)

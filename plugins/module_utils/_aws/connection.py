# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of AWS: the only place that makes them, for modules as for action plugins."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .._errors import UnavailableError
from .api import CONFIG
from .deadline import forbid_abandoned
from .options import client_options, side_params, unconnected
from .proxy import check_proxy

if TYPE_CHECKING:
    from collections.abc import Mapping


#: Who asks nothing of anybody. Without keys botocore would look for some, on the network too.
_NOBODY = {"region_name": "us-east-1", "aws_access_key_id": "nobody", "aws_secret_access_key": "nothing"}
#: A session that nobody has used yet, for the first client that is made.
_SPARE: list[Any] = []


class Connection:
    """Makes botocore clients from the options that every AWS module has, and what one side of a task says otherwise."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params

    def __call__(self, service: str, overrides: Mapping[str, str] | None = None) -> Any:
        """A client of *service*. Raises UnavailableError when none can be made: no region, an unknown profile.

        Raises RequestError for a proxy of the environment that cannot be read, which botocore's errors would show.
        """
        if not _has_botocore():
            raise UnavailableError(
                "Tried to reach AWS, but the Python that runs this task has no boto3. Install it beside ansible-core."
            )
        client = _client(service, client_options(side_params(self._params, overrides or {})))
        check_proxy(client.meta.endpoint_url)
        forbid_abandoned(client)
        return client


def _has_botocore() -> bool:
    return find_spec("botocore") is not None


def load_models(services: tuple[str, ...]) -> None:
    """Read what clients of *services* are made of, so that whatever is forked from this process need not.

    That is botocore's own modules and the models of the APIs, ten times what making a client takes otherwise. A session
    is made ready too, which nobody has asked for anything yet.
    """
    if not _has_botocore():
        return
    errors = import_module("botocore.exceptions")
    import_module("botocore.config")
    # What is wrong with the environment is told by the task that makes a client with it.
    with suppress(errors.BotoCoreError, ValueError):
        for service in services:
            _reader().create_client(service, **_NOBODY)
    if not _SPARE:
        _SPARE.append(_new_session())


def _client(service: str, given: dict[str, Any]) -> Any:
    errors = import_module("botocore.exceptions")
    try:
        config = import_module("botocore.config").Config
        merged = config(user_agent_extra="fastbreak.aws", **CONFIG).merge(config(**given.pop("aws_config")))
        return _session(given.pop("profile_name")).create_client(service, config=merged, **given)
    except errors.NoRegionError as error:
        raise unconnected("there is no region, neither in the options nor in the environment or the profile") from error
    except (errors.BotoCoreError, TypeError, ValueError) as error:
        raise unconnected(str(error)) from error


def _session(profile: str | None) -> Any:
    """A session for one client.

    It looks for what the environment says when it is asked for it, so that one that was made early is as good.
    """
    return _with_models(_SPARE.pop() if _SPARE and profile is None else _new_session(profile))


def _new_session(profile: str | None = None) -> Any:
    return import_module("botocore.session").Session(profile=profile)


@cache
def _reader() -> Any:
    """The session that models are read with; nobody else's client is made of it."""
    return _with_models(_new_session())


def _with_models(session: Any) -> Any:
    """*session*, whose models are read once in a process, whatever the sessions before it were for."""
    session.register_component("data_loader", _models(session.get_config_variable("data_path")))
    return session


@cache
def _models(path: str | None) -> Any:
    """Reads models, which lie with botocore and in the folders of *path*, and keeps them."""
    return import_module("botocore.loaders").create_loader(path)

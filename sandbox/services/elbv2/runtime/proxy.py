# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Carries one request from a client through a listener's rules to a target, streaming both ways."""

import asyncio
import errno
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from sandbox.services.elbv2.model import records
from sandbox.services.elbv2.model.rules import Request, matches
from sandbox.services.elbv2.model.targets import Registry, Target
from sandbox.services.elbv2.runtime import answers, headers
from sandbox.services.elbv2.runtime.metrics import Metrics
from sandbox.services.elbv2.runtime.routing import choose_group, choose_target

CONNECT_SECONDS = 10.0
_UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT}
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")

logger = logging.getLogger("sandbox.elbv2")


class RelayedResponse(web.StreamResponse):
    """A target's answer: the load balancer adds no headers of its own to it."""

    async def _prepare_headers(self) -> None:
        given = {name.lower() for name in self.headers}
        await super()._prepare_headers()
        for added in ("Server", "Content-Type"):
            if added.lower() not in given:
                self.headers.popall(added, None)


class Proxy:
    """The data plane of all listeners."""

    def __init__(
        self,
        registry: Registry,
        session: aiohttp.ClientSession,
        metrics: Metrics,
        scaled: Callable[[float], float],
        generator: random.Random,
    ) -> None:
        self._registry = registry
        self._session = session
        self._metrics = metrics
        self._scaled = scaled
        self._generator = generator

    async def handle(self, listener_arn: str, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request that came in at the listener."""
        listener = records.listener(listener_arn)
        if listener is None:
            return answers.error(503)
        facts = _facts(request)
        for rule in records.rules(listener_arn):
            if rule.get("IsDefault") or matches(rule.get("Conditions", []), facts):
                return await self._act(rule["Actions"], listener, request, facts)
        return self._error(listener, 503)

    async def _act(
        self, actions: list[Mapping[str, Any]], listener: records.Record, request: web.BaseRequest, facts: Request
    ) -> web.StreamResponse:
        action = min(actions, key=lambda candidate: int(candidate.get("Order", 1)))
        kind = action.get("Type")
        if kind in ("fixed-response", "redirect"):
            self._metrics.acted(listener["LoadBalancerArn"], kind)
        if kind == "fixed-response":
            return answers.fixed(action.get("FixedResponseConfig", {}))
        if kind == "redirect":
            protocol, port = listener.get("Protocol", "HTTP"), int(listener["Port"])
            return answers.redirect(action.get("RedirectConfig", {}), facts, protocol, port)
        if kind != "forward":
            logger.error("listener %s: the sandbox has no action %s", listener["ListenerArn"], kind)
            return self._error(listener, 501)
        group, target = self._chosen(action)
        if group is None or target is None:
            return self._error(listener, 503)
        self._metrics.target_chosen(listener["LoadBalancerArn"], group.arn)
        return await self._forward(group, target, listener, request)

    def _chosen(self, action: Mapping[str, Any]) -> tuple[records.TargetGroup | None, Target | None]:
        arn = choose_group(records.forwarded_groups(action), self._generator)
        group = records.target_group(arn) if arn else None
        if group is None:
            return None, None
        return group, choose_target(group, self._registry.of_group(group.arn), self._scaled, self._generator)

    async def _forward(
        self, group: records.TargetGroup, target: Target, listener: records.Record, request: web.BaseRequest
    ) -> web.StreamResponse:
        attributes = records.load_balancer_attributes(listener["LoadBalancerArn"])
        patience = self._scaled(float(attributes["idle_timeout.timeout_seconds"]))
        target.in_flight += 1
        try:
            async with asyncio.timeout(patience) as deadline:
                return await self._exchange(group, target, listener, request, _Idle(deadline, patience))
        except TimeoutError:
            return self._failed(listener, target, 504, "it did not answer in time")
        except aiohttp.ClientConnectorError as problem:
            status = 504 if problem.os_error.errno in _UNREACHABLE else 502
            return self._failed(listener, target, status, str(problem))
        except (aiohttp.ClientError, OSError) as problem:
            return self._failed(listener, target, 502, repr(problem))
        finally:
            target.in_flight -= 1

    def _failed(self, listener: records.Record, target: Target, status: int, problem: str) -> web.Response:
        logger.warning("%s: target %s:%s: %s", listener["LoadBalancerArn"], target.address, target.port, problem)
        self._metrics.target_failed(listener["LoadBalancerArn"], target.group_arn)
        return self._error(listener, status)

    def _error(self, listener: records.Record, status: int) -> web.Response:
        self._metrics.failed(listener["LoadBalancerArn"], status)
        return answers.error(status)

    async def _exchange(
        self,
        group: records.TargetGroup,
        target: Target,
        listener: records.Record,
        request: web.BaseRequest,
        idle: "_Idle",
    ) -> web.StreamResponse:
        attributes = records.load_balancer_attributes(listener["LoadBalancerArn"])
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        began = asyncio.get_running_loop().time()
        async with self._session.request(
            request.method,
            URL(f"{group.protocol.lower()}://{target.address}:{target.port}{_target_of(request)}", encoded=True),
            headers=headers.to_target(request.headers, attributes, _connection(request, listener)),
            skip_auto_headers=_AUTOMATIC,
            data=_body(request, idle) if request.body_exists else None,
            allow_redirects=False,
            ssl=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._scaled(CONNECT_SECONDS)),
        ) as answer:
            idle.touch()
            seconds = asyncio.get_running_loop().time() - began
            self._metrics.target_answered(listener["LoadBalancerArn"], group.arn, answer.status, seconds)
            return await _relay(answer, request, records.listener_attributes(listener["ListenerArn"]), idle)


class _Idle:
    """Moves a deadline on with every byte in either direction, as a load balancer's idle timeout does."""

    def __init__(self, deadline: asyncio.Timeout, seconds: float) -> None:
        self._deadline = deadline
        self._seconds = seconds

    def touch(self) -> None:
        self._deadline.reschedule(asyncio.get_running_loop().time() + self._seconds)


async def _body(request: web.BaseRequest, idle: _Idle) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_any():
        idle.touch()
        yield chunk


async def _relay(
    answer: aiohttp.ClientResponse, request: web.BaseRequest, listener_attributes: Mapping[str, str], idle: _Idle
) -> web.StreamResponse:
    response = RelayedResponse(
        status=answer.status,
        reason=answer.reason,
        headers=headers.to_client(answer.headers, listener_attributes),
    )
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_any():
            idle.touch()
            await response.write(chunk)
        await response.write_eof()
    except (aiohttp.ClientError, TimeoutError, asyncio.CancelledError) as problem:
        logger.warning("the answer of %s broke off: %r", answer.url, problem)
        if request.transport:
            request.transport.abort()
        if isinstance(problem, asyncio.CancelledError):
            raise
    return response


def _facts(request: web.BaseRequest) -> Request:
    path, _, query = _target_of(request).partition("?")
    fields: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        fields.setdefault(name.lower(), []).append(value)
    return Request(
        method=request.method,
        path=path,
        query=query,
        host=request.headers.get("Host", ""),
        headers=fields,
        client_address=request.remote or "127.0.0.1",
    )


def _target_of(request: web.BaseRequest) -> str:
    """Path and query as the client sent them, also when it sent an absolute URL."""
    raw = request.raw_path
    if raw.startswith("/"):
        return raw
    _, separator, rest = raw.partition("://")
    return "/" + rest.partition("/")[2] if separator else "/"


def _connection(request: web.BaseRequest, listener: records.Record) -> headers.Connection:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return headers.Connection(
        client_address=peer[0] if peer else "127.0.0.1",
        client_port=peer[1] if peer else 0,
        protocol=listener.get("Protocol", "HTTP"),
        listener_port=int(listener["Port"]),
    )

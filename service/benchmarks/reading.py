# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Reads at a steady rate: who asks, and how long each takes from when it was due."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE, READ_SECONDS, WARM_UP_SECONDS = 200, 30, 5
CONNECTIONS = 50
READS = {
    "list": "/v1/analyses?limit=20",
    "analysis": "/v1/analyses/{}",
    "events": "/v1/analyses/{}/events",
    "findings": "/v1/analyses/{}/findings",
}


def pin(pid: int, cores: Sequence[int]) -> None:
    """Have a process run on these cores alone, with all its threads; those that it makes later inherit it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        # One may have ended meanwhile.
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a read came to, 0 without an answer; the seconds from when it was due until sent, and until answered."""

    status: int
    late: float
    seconds: float


def print_times(found: dict[str, list[Answer]]) -> None:
    print(
        f"\n| reads, {RATE} a second, without the first {WARM_UP_SECONDS} s | answers | median, ms | 99 %, ms ", end=""
    )
    print("| longest, ms | sent late: 99 %, ms | longest, ms | failed |\n|---|---|---|---|---|---|---|---|")
    for name, answers in [*found.items(), ("all", list(itertools.chain.from_iterable(found.values())))]:
        times = sorted(1000 * answer.seconds for answer in answers)
        late = sorted(1000 * answer.late for answer in answers)
        failed = sum(answer.status != 200 for answer in answers)
        print(
            f"| {name} | {len(times)} | {statistics.median(times):.1f} | {_most(times):.1f} | {times[-1]:.1f} "
            f"| {_most(late):.1f} | {late[-1]:.1f} | {failed} |",
            flush=True,
        )


def _most(ordered: Sequence[float]) -> float:
    """What 99 % do not exceed."""
    return ordered[int(0.99 * len(ordered))]


async def load(asking: httpx.Client, known: Sequence[str]) -> dict[str, list[Answer]]:
    """What came of each read by its kind, once the service is warm."""
    found: dict[str, list[Answer]] = {name: [] for name in READS}
    drawn = random.Random(0)  # noqa: S311 - which analysis is asked for
    # Whoever waits waits here: the client's own queue takes longer the longer it is.
    places = asyncio.Semaphore(CONNECTIONS)
    began = time.monotonic()

    async def one(http: httpx.AsyncClient, number: int) -> None:
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        # Who waits for a place waits for the service; before, the asker was late.
        late, status = time.monotonic() - due, 0
        name = list(READS)[number % len(READS)]
        path = READS[name].format(drawn.choice(known))
        with suppress(httpx.TransportError):
            async with places:
                status = (await http.get(path)).status_code
        if number >= WARM_UP_SECONDS * RATE:
            found[name].append(Answer(status, late, time.monotonic() - due))

    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    same = httpx.AsyncClient(
        base_url=asking.base_url, headers=asking.headers, limits=limits, timeout=30, trust_env=False
    )
    async with same as http:
        await asyncio.gather(*(one(http, number) for number in range(RATE * READ_SECONDS)))
    return found

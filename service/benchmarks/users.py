# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What users meet: how soon it is ready, how quick reads are, and what uploads survive.

python benchmarks/users.py [--only ready|reads|uploads]

* ready: from a process's start until `/readyz` answers 200, of the API and of one that analyses too; of a worker until
  it may take work.
* reads: what one takes of an API's processor time, asked for one after the other; then 200 requests a second for half a
  minute to an API on one core, on another one whoever asks. Each is timed from when it was due, so that one who waits
  is not forgotten; how late it was sent, which is the asker's own part, is printed beside it. They show a token, as
  people do. The first 5 s are left out: 50 connections are opened then at once.
* uploads: 50 clients send two videos each, while workers are killed in the middle of videos, a newer API and newer
  workers take over from the older, and the database is away for 30 s. Clients do what an honest one does: they send it
  again, with the same key. Each video has to have one analysis, done once.

The service runs on a Postgres of its own, which a Docker engine gives.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache"
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "src"), str(HERE.parent / "tests")]

from fetch import fetch  # noqa: E402
from footage import footage  # noqa: E402
from parallel import spent  # noqa: E402
from reading import READS, load, pin, print_times  # noqa: E402

from support import clips  # noqa: E402
from support.issuer import Issuer  # noqa: E402
from support.owned import settings_apart  # noqa: E402
from support.postgres import Postgres  # noqa: E402
from support.seeds import figure, put_analysis  # noqa: E402
from support.service import Service, command  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

STARTS = 5
ANALYSES, ROUNDS = 100, 5
TEAM = "hawks"
CLIENTS, EACH, WORKERS = 50, 2, 2
KILLS, AWAY_SECONDS = 2, 30.0
PATIENCE_SECONDS = 900.0


@dataclass
class Place:
    """A database with the schema in it, a folder for videos and logs, and the processes that were started on them."""

    folder: Path
    database: Postgres
    owner: dict[str, str]
    apart: dict[str, dict[str, str]]
    started: list[Service] = field(default_factory=list)

    def process(self, program: str, **more: str) -> Service:
        """A process, with the rights of a program alone; an API that analyses too has the owner's."""
        shared = {
            "FASTBREAK_FOOTAGE": str(self.folder / "footage"),
            "FASTBREAK_QUEUE_SIZE": "500",
            "FASTBREAK_LEASE_SECONDS": "10",
            # However often a worker is killed here, that is no video's fault.
            "FASTBREAK_MAX_ATTEMPTS": "10",
        }
        place = self.folder / str(len(self.started))
        place.mkdir()
        login = self.apart[program] if program == "work" or more.get("FASTBREAK_WORKER") == "apart" else self.owner
        made = Service(login | shared | more, place / "log.jsonl", program=program)
        self.started.append(made)
        return made

    def api(self, **more: str) -> Service:
        """An API whose workers are apart."""
        return self.process("serve", FASTBREAK_WORKER="apart", **more)

    def logged(self, event: str) -> Iterator[str]:
        """The analyses of which a process logged this."""
        for service in self.started:
            yield from (entry["analysis_id"] for entry in service.logged() if entry["event"] == event)


@contextmanager
def place() -> Iterator[Place]:
    """A place of its own, of which nothing stays."""
    server = Postgres()
    with tempfile.TemporaryDirectory() as folder:
        try:
            server.run()
            owner = {**server.environment(server.database()), "FASTBREAK_MODELS_DIRECTORY": str(CACHE / "models")}
            subprocess.run(command("migrate"), env={**os.environ, **owner}, check=True, capture_output=True)
            made = Place(Path(folder), server, owner, settings_apart(owner))
            try:
                yield made
            finally:
                for service in made.started:
                    service.end()
        finally:
            server.remove()


def ready(where: Place) -> None:
    """Print how soon each kind of process is ready."""
    print("| ready | median, s | longest, s |\n|---|---|---|")
    kinds: dict[str, Callable[[], Service]] = {
        "API, workers apart": where.api,
        "API that analyses too": lambda: where.process("serve"),
        "worker": lambda: where.process("work"),
    }
    for name, make in kinds.items():
        taken = [_until_ready(make()) for _ in range(STARTS)]
        print(f"| {name} | {statistics.median(taken):.2f} | {max(taken):.2f} |", flush=True)


def _until_ready(service: Service) -> float:
    began = time.monotonic()
    service.launch()
    if service.program == "work":
        service.wait_logged(event="worker started")
    else:
        service.wait_ready()
    taken = time.monotonic() - began
    service.end()
    return taken


def reads(where: Place) -> None:
    """Print what reads take and how quick they are."""
    with where.database.connect(where.owner["FASTBREAK_DATABASE_NAME"]) as connection:
        known = [put_analysis(connection, figure(), TEAM) for _ in range(ANALYSES)]
    with Issuer() as issuer:
        service = where.api(**issuer.settings).start()
        service.http.headers["authorization"] = f"Bearer {issuer.token(team=TEAM, exp=int(time.time()) + 3600)}"
        _print_spent(service, known)
        cores = sorted(os.sched_getaffinity(0))
        pin(_pid(service), cores[:1])
        pin(os.getpid(), cores[1:] or cores)
        try:
            found = asyncio.run(load(service.http, known))
        finally:
            pin(os.getpid(), cores)
    print_times(found)


def _pid(service: Service) -> int:
    return service.process.pid if service.process else 0


def _print_spent(service: Service, known: Sequence[str]) -> None:
    """Print what reads take of analyses that were read before: what is seen is noted once an hour."""
    print("\n| one read after the other | processor ms |\n|---|---|")
    for name, path in READS.items():
        for identity in known:
            service.http.get(path.format(identity)).raise_for_status()
        before = spent(_pid(service))
        for identity in [*known] * ROUNDS:
            service.http.get(path.format(identity)).raise_for_status()
        print(f"| {name} | {1000 * (spent(_pid(service)) - before) / len(known) / ROUNDS:.2f} |", flush=True)


@dataclass
class Users:
    """Who sends videos, through whichever API takes requests."""

    target: str
    refusals: Counter[str] = field(default_factory=Counter)
    accepted: dict[str, str] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def send(self, key: str, video: bytes) -> None:
        """Send a video until it is accepted."""
        headers = {"content-type": "video/mp4", "idempotency-key": key}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                target = f"{self.target}/v1/analyses"
                answer = httpx.post(target, content=video, headers=headers, timeout=60, trust_env=False)
            except httpx.TransportError as error:
                self.refusals[type(error).__name__] += 1
            else:
                if answer.status_code in {200, 202}:
                    self.accepted[key] = answer.json()["id"]
                    return
                self.refusals[str(answer.status_code)] += 1
            time.sleep(1)


def uploads(where: Place) -> int:
    """Print what came of uploads among faults; how many were lost or done twice."""
    made = where.folder / "clips"
    made.mkdir()
    noise = [clips.noise(160, 120, seed) for seed in range(20)]
    films = [
        clips.excerpt(footage(), made / "persons.mp4", frames=30, width=884, first=60).read_bytes(),
        clips.write(made / "plain.mp4", noise, clips.Look(rate=10)).read_bytes(),
    ]
    users = Users(str(where.api().start().http.base_url).rstrip("/"))
    faults = Faults(where, users)
    began = time.monotonic()
    trouble = threading.Thread(target=faults.run)
    trouble.start()
    with ThreadPoolExecutor(CLIENTS) as pool:
        jobs = [(f"{client}-{number}", films[number % 2]) for number in range(EACH) for client in range(CLIENTS)]
        list(pool.map(lambda job: users.send(*job), jobs))
    ends = _ends(users)
    users.over.set()
    trouble.join()
    finished = Counter(where.logged("analysis finished"))
    taken = Counter(where.logged("analysis started"))
    lost = len(jobs) - sum(status == "succeeded" for status in ends.values())
    twice = sum(count > 1 for count in finished.values()) + len(jobs) - len(set(users.accepted.values()))
    print(
        "\n| clients | videos | accepted | analysed | lost | done twice | workers killed at work | begun again "
        "| while videos waited | refusals that clients met | minutes |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )
    again = sum(count - 1 for count in taken.values())
    met = ", ".join(f"{what} {count}" for what, count in users.refusals.most_common()) or "none"
    print(
        f"| {CLIENTS} | {len(jobs)} | {len(users.accepted)} | {len(jobs) - lost} | {lost} | {twice} | {faults.killed} "
        f"| {again} | {', '.join(faults.met)} | {met} | {(time.monotonic() - began) / 60:.1f} |",
        flush=True,
    )
    return lost + twice


def _ends(users: Users) -> dict[str, str]:
    """What came of each accepted video, when all have ended."""
    ends: dict[str, str] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(ends) < len(users.accepted) and time.monotonic() < deadline:
        for key, identity in users.accepted.items():
            with suppress(httpx.TransportError):
                seen = httpx.get(f"{users.target}/v1/analyses/{identity}", timeout=30, trust_env=False).json()
                if seen.get("status") in {"succeeded", "failed"}:
                    ends[key] = seen["status"]
        time.sleep(1)
    return ends


class Faults:
    """Kills, a deploy, and a database that is away; workers are there all the time."""

    def __init__(self, where: Place, users: Users) -> None:
        self._where, self._users = where, users
        self._workers = [where.process("work") for _ in range(WORKERS)]
        self._old = where.started[0]
        self.killed = 0
        self.met: list[str] = []
        for worker in self._workers:
            worker.launch()

    def run(self) -> None:
        """All of it: kills before the deploy, between it and the database's absence, and after that."""
        for step in (self._deploy, self._take_away, lambda: None):
            for _ in range(KILLS):
                self._kill()
            step()

    def _kill(self) -> None:
        """End the oldest worker without a word, in the middle of a video; another takes its place."""
        worker = self._workers.pop(0)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _is_busy(worker):
            if time.monotonic() > deadline or self._users.over.is_set():
                return
            time.sleep(0.05)
        worker.kill()
        self.killed += 1
        self._workers.append(self._where.process("work"))
        self._workers[-1].launch()

    def _deploy(self) -> None:
        """A newer API takes requests before the older one ends; newer workers follow."""
        newer = self._where.api().start()
        self._users.target = str(newer.http.base_url).rstrip("/")
        older, self._workers = self._workers, [self._where.process("work") for _ in range(WORKERS)]
        for worker in self._workers:
            worker.launch()
        # Nobody waits for those that end: the next fault comes while they do.
        for service in (self._old, *older):
            if service.process is not None:
                service.process.terminate()
        self._note("deploy")

    def _take_away(self) -> None:
        self._where.database.stop()
        time.sleep(AWAY_SECONDS)
        self._where.database.start()
        self._note("database away")

    def _note(self, fault: str) -> None:
        """Keep that something happened while there were videos that it could harm."""
        if not self._users.over.is_set():
            self.met.append(fault)


def _is_busy(worker: Service) -> bool:
    """Whether it has begun more than it has ended."""
    events = Counter(entry["event"] for entry in worker.logged())
    return events["analysis started"] > events["analysis finished"]


def main() -> None:
    """Print the tables; exit 1 when a video was lost or done twice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=["ready", "reads", "uploads"])
    options = parser.parse_args()
    fetch(HERE.parent / "models.lock", CACHE / "models")
    os.environ["FASTBREAK_MODELS_DIRECTORY"] = str(CACHE / "models")
    os.environ["PYTHONPATH"] = str(HERE.parent / "src")
    wrong = 0
    for name, part in {"ready": ready, "reads": reads, "uploads": uploads}.items():
        if options.only in {None, name}:
            with place() as where:
                wrong += part(where) or 0
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()

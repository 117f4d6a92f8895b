# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What several test modules need: the networks, footage, a real Postgres and a running service."""

from __future__ import annotations

import fcntl
import os
import uuid
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fetch import fetch
from footage import footage
from hypothesis import settings
from playwright.sync_api import sync_playwright

from fastbreak_service.settings import database_settings
from fastbreak_service.store import schema
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.work import WorkQueue
from fastbreak_service.vision.models import PoseModel
from support import clips
from support.browsing import CHROMIUM, somebody
from support.console import Site, built, running
from support.issuer import Issuer
from support.owned import Place, settings_apart
from support.postgres import Postgres, server
from support.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from psycopg import Connection
    from sqlalchemy import Engine

    from fastbreak_service.store.administration import Administration

SERVICE = Path(__file__).resolve().parent.parent
CACHE = SERVICE.parent / ".cache"
# A busy machine is no reason to fail.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
# Child processes find the package where this one does.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(SERVICE / "src"), os.environ.get("PYTHONPATH")]))
os.environ["FASTBREAK_MODELS_DIRECTORY"] = str(CACHE / "models")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let the workers of a run fetch after each other, so that only the first does it."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "fetching").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def models_directory() -> Path:
    """The networks' directory."""
    with one_at_a_time():
        fetch(SERVICE / "models.lock", CACHE / "models")
    return CACHE / "models"


@pytest.fixture(scope="session")
def vision(models_directory: Path) -> PoseModel:
    """The networks, loaded."""
    return PoseModel(models_directory)


@pytest.fixture(scope="session")
def demo_clip() -> Path:
    """Real footage: a man on a roof, from frame 40 on a woman who walks by."""
    with one_at_a_time():
        return footage(CACHE / "footage")


@pytest.fixture(scope="session")
def person_clip(demo_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short excerpt with both persons, 30 frames."""
    return clips.excerpt(demo_clip, tmp_path_factory.mktemp("clips") / "persons.mp4", frames=30, width=884, first=60)


@pytest.fixture(scope="session")
def long_clip(demo_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Footage that takes seconds to analyse, 100 frames."""
    path = tmp_path_factory.mktemp("clips") / "long.mp4"
    return clips.excerpt(demo_clip, path, frames=100, width=884, first=50).read_bytes()


@pytest.fixture(scope="session")
def plain_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip without anybody, 20 frames at 10 frames a second."""
    path = tmp_path_factory.mktemp("clips") / "plain.mp4"
    return clips.write(path, [clips.noise(160, 120, seed) for seed in range(20)], clips.Look(rate=10))


@pytest.fixture(scope="session")
def large_clip(plain_clip: Path) -> Path:
    """That clip in a file of 16 MiB: what follows a film may be a box of free space."""
    rest = (16 << 20) + 1000
    path = plain_clip.with_name("large.mp4")
    path.write_bytes(plain_clip.read_bytes() + rest.to_bytes(4) + b"free" + bytes(rest - 8))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server, removed in the end."""
    with server() as made:
        yield made


@pytest.fixture(scope="module")
def second() -> Iterator[Postgres]:
    """The server that backups are restored on."""
    with server() as made:
        yield made


@pytest.fixture
def place(postgres: Postgres) -> Place:
    """A database with the schema in it, whose users are apart."""
    found = Place(postgres)
    with closing(found.with_workers_apart()) as owner:
        owner.migrate()
    return found


@pytest.fixture
def living(place: Place) -> Iterator[Administration]:
    """The administration of that database."""
    with closing(place.with_workers_apart()) as made:
        yield made


@pytest.fixture(scope="module")
def migrated(postgres: Postgres, models_directory: Path) -> dict[str, str]:
    """The settings of a database with the schema in it, and of a service on it.

    As `migrate` does it, which `test_schema.py` runs: a process for each module would load all of the service first.
    """
    environment = {
        **postgres.environment(postgres.database()),
        "FASTBREAK_MODELS_DIRECTORY": str(models_directory),
        "FASTBREAK_VERSION": "1.2.3-test",
    }
    owner = make_engine(database_settings(environment))
    schema.migrate(owner)
    owner.dispose()
    return environment


@pytest.fixture(scope="module")
def apart(migrated: dict[str, str]) -> dict[str, dict[str, str]]:
    """By program, the settings of one that logs in to that database as its own user, with that user's rights alone."""
    return settings_apart(migrated)


@pytest.fixture(scope="module")
def service(migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running replica with the settings as they come."""
    replica = Service(migrated, tmp_path_factory.mktemp("service") / "log.jsonl")
    try:
        yield replica.start()
    finally:
        replica.end()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """An issuer of tokens."""
    with Issuer() as made:
        yield made


@pytest.fixture(scope="module")
def guarded(
    apart: dict[str, dict[str, str]], issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A replica that asks for tokens and analyses nothing itself, with the rights of the API alone."""
    folder = tmp_path_factory.mktemp("guarded")
    settings = {
        "FASTBREAK_WORKER": "apart",
        "FASTBREAK_FOOTAGE": str(folder / "footage"),
        "FASTBREAK_QUEUE_SIZE": "100",
        "FASTBREAK_BACKUP_DAYS": "35",
    }
    replica = Service({**apart["serve"], **issuer.settings, **settings}, folder / "log.jsonl")
    try:
        yield replica.start()
    finally:
        replica.end()


@pytest.fixture
def database(postgres: Postgres, migrated: dict[str, str]) -> Iterator[Connection]:
    """A connection of the database's owner."""
    with postgres.connect(migrated["FASTBREAK_DATABASE_NAME"]) as connection:
        yield connection


@pytest.fixture
def engine(migrated: dict[str, str]) -> Iterator[Engine]:
    """The service's own connections to that database."""
    made = make_engine(database_settings(migrated))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def owner(migrated: dict[str, str]) -> Iterator[Engine]:
    """A pool of the schema's owner."""
    made = make_engine(database_settings(migrated))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def workers(apart: dict[str, dict[str, str]]) -> Iterator[Engine]:
    """A pool of a worker, with the rights of one."""
    made = make_engine(database_settings(apart["work"]))
    yield made
    made.dispose()


@pytest.fixture
def queue(workers: Engine) -> WorkQueue:
    """The queue of a place of its own."""
    return WorkQueue(workers, f"place:{uuid.uuid4()}", 30)


@pytest.fixture(name="footage")
def footage_of_guarded(guarded: Service) -> Path:
    """The folder in which `guarded` keeps videos."""
    return Path(guarded.environment["FASTBREAK_FOOTAGE"])


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the built console."""
    return built(tmp_path_factory.mktemp("console") / "dist")


@pytest.fixture(scope="module")
def site(console: Path, migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The running console."""
    with running(console, migrated, tmp_path_factory.mktemp("running")) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of somebody new."""
    with somebody(browser) as made:
        yield made

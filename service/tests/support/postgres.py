# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A real PostgreSQL in a container of its own."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = os.environ.get("FASTBREAK_TEST_POSTGRES_IMAGE", "fastbreak-sandbox/postgres:17")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def docker(*arguments: str) -> str:
    """Run the Docker client; its output. Fails the test with what Docker said."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr.strip()}"
    return done.stdout.strip()


@dataclass
class Postgres:
    """One server; each test module asks it for a database."""

    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    name: str = field(default_factory=lambda: f"fastbreak-service-test-{secrets.token_hex(4)}")

    def run(self) -> None:
        """Start it and wait until it answers.

        It is on the machine's own network: a published port has a proxy that copies each question and each answer.
        """
        docker(
            *("run", "--detach", "--name", self.name, "--label", "fastbreak.service-test=1", "--network", "host"),
            *("--env", f"PGPORT={self.port}", "--env", "POSTGRES_USER=fastbreak"),
            *("--env", f"POSTGRES_PASSWORD={self.password}", IMAGE, "postgres"),
            *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
        )
        self.wait()

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, docker("logs", self.name)
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """Stop it, keeping its data."""
        docker("stop", "--time", "10", self.name)

    def start(self) -> None:
        """Start it again on the same port."""
        docker("start", self.name)
        self.wait()

    def hang(self) -> None:
        """Stop its processes where they are, as `docker pause` does, which a busy engine may refuse."""
        docker("kill", "--signal", "STOP", self.name)
        # Nobody in a container can stop its first process, nor itself.
        docker("exec", "--user", "root", self.name, "sh", "-c", "kill -STOP -1")

    def go_on(self) -> None:
        """Have its processes go on."""
        docker("exec", "--user", "root", self.name, "sh", "-c", "kill -CONT -1")
        docker("kill", "--signal", "CONT", self.name)
        self.wait()

    @contextmanager
    def hanging(self, backend: int) -> Iterator[None]:
        """Have the process of one connection stand still meanwhile."""
        self._signal("STOP", backend)
        try:
            yield
        finally:
            self._signal("CONT", backend)

    def _signal(self, name: str, backend: int) -> None:
        docker("exec", "--user", "root", self.name, "sh", "-c", f"kill -{name} {backend}")

    def remove(self) -> None:
        """Remove it with its data."""
        docker("rm", "--force", "--volumes", self.name)

    def connect(self, database: str) -> psycopg.Connection:
        """A connection of the test's own."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="fastbreak",
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=30,
        )

    def database(self) -> str:
        """The name of a new, empty database."""
        name = f"t{secrets.token_hex(4)}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return name

    def environment(self, database: str) -> dict[str, str]:
        """The settings of a service that is open, on a database."""
        return {
            "FASTBREAK_IDENTITY": "open",
            "FASTBREAK_DATABASE_HOST": "127.0.0.1",
            "FASTBREAK_DATABASE_PORT": str(self.port),
            "FASTBREAK_DATABASE_NAME": database,
            "FASTBREAK_DATABASE_USER": "fastbreak",
            "FASTBREAK_DATABASE_PASSWORD": self.password,
        }


@contextmanager
def server() -> Iterator[Postgres]:
    """One that is there as long as the context."""
    made = Postgres()
    try:
        made.run()
        yield made
    finally:
        made.remove()

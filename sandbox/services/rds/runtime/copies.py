# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Copies of a running database: PostgreSQL's own base backup, and the write-ahead log that leads from it to a moment.

PostgreSQL documentation, "Continuous archiving and point-in-time recovery".
"""

import os
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from psycopg import sql

from sandbox.ministack import container_reaper, rds
from sandbox.services.rds.model.snapshots import Copy
from sandbox.services.rds.runtime import database

Instance = dict[str, Any]
_DATA = "/var/lib/postgresql/data"
_LOG = f"{_DATA}/pg_wal"
_FETCHED = "fetched_log"


@dataclass(frozen=True)
class Recovery:
    """How to go on from a base backup: by the log of a database that runs, to a moment; None: to its end."""

    source: Instance
    until: float | None


def take(instance: Instance, folder: Path) -> Copy:
    """Copy a running database. Raises ValueError with what PostgreSQL said."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".tar", dir=folder)
    engine = rds._get_docker().api
    command = ["pg_basebackup", "-D", "-", "-Ft", "-X", "fetch", "--checkpoint=fast", "--no-sync"]
    made = engine.exec_create(
        instance["_docker_container_id"], [*command, "-U", instance["MasterUsername"]], user="postgres"
    )
    words = b""
    with os.fdopen(handle, "wb") as file:
        for out, said in engine.exec_start(made, stream=True, demux=True):
            file.write(out or b"")
            words += said or b""
    if engine.exec_inspect(made)["ExitCode"] != 0:
        Path(name).unlink()
        raise ValueError(f"{instance['DBInstanceIdentifier']} was not copied: {words.decode(errors='replace').strip()}")
    return Copy(Path(name), time.time(), instance["_MasterUserPassword"])


def lay_out(volume: str, version: str, copy: Copy, launch: database.Launch, recovery: Recovery | None) -> None:
    """Fill the volume of an instance that has yet to start, with the parameters that it starts with."""
    docker = rds._get_docker()
    docker.volumes.create(volume, labels=container_reaper.own_labels("rds"))
    script = _script(launch, recovery)
    helper = docker.containers.create(
        database.image_of(version),
        ["-euc", script],
        entrypoint="sh",
        volumes={volume: {"bind": _DATA, "mode": "rw"}},
        labels=container_reaper.own_labels("rds"),
        network_mode="none",
        user="postgres",
    )
    try:
        with copy.file.open("rb") as file:
            helper.put_archive(_DATA, file)
        if recovery is not None:
            with _log_of(recovery.source) as log:
                helper.put_archive(_DATA, log)
        helper.start()
        if helper.wait()["StatusCode"] != 0:
            raise ValueError(f"the copy was not laid out: {helper.logs().decode(errors='replace').strip()}")
    finally:
        helper.remove(force=True)


def _script(launch: database.Launch, recovery: Recovery | None) -> str:
    """What makes the copy's settings those of the new instance, and says how far its log is followed."""
    kind = "hostssl" if launch.force_ssl else "host"
    lines = ["listen_addresses = '*'", "ssl = on", database.KEPT_LOG, *launch.settings.splitlines()]
    steps = [
        f"cd {_DATA}",
        "sed -i \"/^listen_addresses = '\\*'/,\\$d\" postgresql.conf",
        ": > postgresql.auto.conf",
        f"sed -Ei 's/^host(ssl)? all all all /{kind} all all all /' pg_hba.conf",
    ]
    if recovery is not None:
        lines.append(f"restore_command = 'cp {_DATA}/{_FETCHED}/%f %p'")
        if recovery.until is not None:
            moment = datetime.fromtimestamp(recovery.until, UTC).isoformat()
            lines += [f"recovery_target_time = '{moment}'", "recovery_target_action = 'promote'"]
        steps.append("touch recovery.signal")
    return "\n".join([*steps, "cat >> postgresql.conf <<'END'", *lines, "END"])


@contextmanager
def _log_of(source: Instance) -> Iterator[IO[bytes]]:
    """The write-ahead log of a running database up to now, as a tar of `fetched_log`."""
    # A commit later than any moment that is asked for, and a file of the log that is whole.
    database.execute(source, sql.SQL("SELECT txid_current()"), sql.SQL("SELECT pg_switch_wal()"))
    chunks, _about = rds._get_docker().containers.get(source["_docker_container_id"]).get_archive(_LOG)
    with tempfile.TemporaryFile() as fetched, tempfile.TemporaryFile() as renamed:
        for chunk in chunks:
            fetched.write(chunk)
        fetched.seek(0)
        with tarfile.open(fileobj=fetched) as old, tarfile.open(fileobj=renamed, mode="w") as new:
            for member in old:
                member.name = _FETCHED + member.name.removeprefix("pg_wal")
                new.addfile(member, old.extractfile(member) if member.isfile() else None)
        renamed.seek(0)
        yield renamed

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The database behind an instance: its image, starting it, asking whether it is ready, giving it a new password."""

import contextvars
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from docker.errors import APIError, ImageNotFound, NotFound
from psycopg import sql

from sandbox.ministack import rds

Statement = sql.SQL | sql.Composed

logger = logging.getLogger("sandbox.rds")
_PROBE_SECONDS = 2
_OWNED = """psql -qX -v ON_ERROR_STOP=1 -U "$ROLE" -d "$DATABASE" <<'END'
\\getenv role ROLE
\\getenv own OWN
SELECT NOT pg_is_in_recovery() AS ready \\gset
\\if :ready
ALTER ROLE :"role" PASSWORD :'own';
\\endif
END"""
KEPT_LOG = "wal_keep_size = '1024'"
"""The write-ahead log that a database keeps, in MiB: from a copy of it a restore gets to any moment since."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What a new database is started with beyond what MiniStack hands to its image."""

    identifier: str = ""
    port: int
    force_ssl: bool
    settings: str
    restored: bool = False
    """Whether it begins with rows of another one, and so with a master password that is not its own."""


FirstAnswer = Callable[[dict[str, Any]], None]
_first_answer: list[FirstAnswer] = []
on_first_answer = _first_answer.append
"""Have a function called with an instance that has just begun to answer, before it is available."""
launching: contextvars.ContextVar[Launch | None] = contextvars.ContextVar("rds_launch", default=None)


def image_of(engine_version: str) -> str:
    """The image that runs PostgreSQL `engine_version`."""
    return f"fastbreak-sandbox/postgres:{engine_version.split('.', maxsplit=1)[0]}"


def missing_image(engine_version: str) -> str | None:
    """Why an instance of this version cannot start; None when it can."""
    image, docker = image_of(engine_version), rds._get_docker()
    if docker is None:
        return "no Docker engine answers, so the sandbox cannot start a database: start an engine and try again"
    try:
        docker.images.get(image)
    except ImageNotFound:
        return (
            f"the sandbox runs PostgreSQL {engine_version} from the image {image}, which this Docker engine does not "
            "have: run `python -m tools.images postgres`, or choose a major version whose image exists"
        )
    return None


def install() -> None:
    """Run PostgreSQL from the sandbox's image, and talk to it with the driver that is installed."""
    _install_image()
    _install_driver()
    _install_removal()


def _install_image() -> None:
    image_for_engine = rds._docker_image_for_engine

    def docker_image_for_engine(engine: str, version: str, user: str, password: str, database: str) -> Any:
        image, environment, port, path = image_for_engine(engine, version, user, password, database)
        if not rds._is_postgres_engine(engine):
            return image, environment, port, path
        launch = launching.get() or Launch(port=port, force_ssl=True, settings="")
        environment = {
            **environment,
            "PGPORT": str(launch.port),
            "POSTGRES_FORCE_SSL": "1" if launch.force_ssl else "0",
            "POSTGRES_SETTINGS": f"{launch.settings}\n{KEPT_LOG}",
        }
        return image_of(version), environment, launch.port, path

    rds._docker_image_for_engine = docker_image_for_engine


def _install_driver() -> None:
    connects, rotate = rds._try_database_connect, rds._rotate_instance_password

    def try_database_connect(  # noqa: PLR0913, PLR0917 - MiniStack's signature
        host: str, port: int, engine: str, user: str, password: str, database: str
    ) -> Any:
        if not rds._is_postgres_engine(engine):
            return connects(host, port, engine, user, password, database)
        return _is_ready(host, port, user, password, database)

    def rotate_instance_password(instance: dict[str, Any], old: str, new: str) -> None:
        if not rds._is_postgres_engine(instance["Engine"]):
            rotate(instance, old, new)
            return
        role = sql.Identifier(instance["MasterUsername"])
        execute(instance, sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(new)), password=old)

    rds._try_database_connect = try_database_connect
    rds._rotate_instance_password = rotate_instance_password


def _install_removal() -> None:
    delete = rds._delete_db_instance_impl

    def delete_db_instance(parameters: dict[str, Any]) -> Any:
        instance = rds._resolve_instance(rds._p(parameters, "DBInstanceIdentifier"))
        answer = delete(parameters)
        if instance and answer[0] < 400:
            _remove_volume(instance)
        return answer

    rds._delete_db_instance_impl = delete_db_instance


def execute(instance: dict[str, Any], *statements: Statement, password: str | None = None) -> None:
    """Run `statements` as the master user, each in a transaction of its own."""
    with connected(instance, password=password) as connection:
        for statement in statements:
            connection.execute(statement)


def connected(instance: dict[str, Any], *, password: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection as the master user, to be closed; each statement is a transaction of its own."""
    return psycopg.connect(
        host=instance["_internal_address"],
        port=instance["_internal_port"],
        user=instance["MasterUsername"],
        password=password or instance["_MasterUserPassword"],
        dbname=instance["DBName"],
        connect_timeout=_PROBE_SECONDS,
        autocommit=True,
    )


def last_words(instance: dict[str, Any]) -> str:
    """The end of the database's log, for whoever must learn why it did not start."""
    try:
        container = rds._get_docker().containers.get(instance["_docker_container_id"])
    except NotFound:
        return "its container is gone"
    lines = container.logs(tail=5).decode(errors="replace").strip().splitlines()
    return " / ".join(lines) or "it logged nothing"


def running(instance: dict[str, Any]) -> bool:
    """Whether this is a PostgreSQL that can be talked to."""
    return (
        rds._is_postgres_engine(instance.get("Engine", ""))
        and bool(instance.get("_internal_address"))
        and instance.get("DBInstanceStatus") == "available"
    )


def _is_ready(host: str, port: int, user: str, password: str, database: str) -> bool:
    """Whether a database that was started answers by its own password, and what it begins with is done."""
    launch = launching.get()
    instance = rds._instances.get(launch.identifier) if launch else None
    if not _answers(host, port, user, password, database):
        if launch and launch.restored and instance is not None:
            _own_password(instance, password)
        return False
    if instance is not None and instance["DBInstanceStatus"] == "creating":
        for tell in _first_answer:
            tell(instance)
    return True


def _own_password(instance: dict[str, Any], password: str) -> None:
    """Give a restored database its own master password, as soon as it takes statements that change anything.

    By its own socket, which asks for none. What it was restored with depends on the moment it was restored to.
    """
    settings = {"ROLE": instance["MasterUsername"], "DATABASE": instance["DBName"], "OWN": password}
    try:
        container = rds._get_docker().containers.get(instance["_docker_container_id"])
        outcome = container.exec_run(["sh", "-euc", _OWNED], user="postgres", environment=settings)
    except APIError as refusal:
        logger.info("%s takes no new password yet: %s", instance["DBInstanceIdentifier"], refusal)
        return
    if outcome.exit_code != 0:
        said = outcome.output.decode(errors="replace").strip()
        logger.info("%s takes no new password yet: %s", instance["DBInstanceIdentifier"], said)


def _answers(host: str, port: int, user: str, password: str, database: str) -> bool:
    try:
        psycopg.connect(
            host=host, port=port, user=user, password=password, dbname=database, connect_timeout=_PROBE_SECONDS
        ).close()
    except psycopg.OperationalError as refusal:
        logger.debug("PostgreSQL at %s:%s does not answer yet: %s", host, port, refusal)
        return False
    return True


def _remove_volume(instance: dict[str, Any]) -> None:
    name, docker = instance.get("_docker_volume_name"), rds._get_docker()
    if not name or docker is None:
        return
    try:
        docker.volumes.get(name).remove(force=True)
    except NotFound:
        logger.debug("the volume %s was gone already", name)

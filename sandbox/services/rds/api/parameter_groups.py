# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Parameter groups that reach the database: at its start, and at once when a parameter is dynamic.

AWS: Amazon RDS User Guide, "Parameter groups for Amazon RDS"; `rds.force_ssl` is 1 by default from PostgreSQL 15 on.
"""

import logging
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from sandbox.ministack import rds
from sandbox.services.rds.api.query import Answer, Parameters, refused, value
from sandbox.services.rds.runtime import database, events

logger = logging.getLogger("sandbox.rds")
_FORCE_SSL = "rds.force_ssl"
_FIRST_MAJOR_FORCING_SSL = 15


def values_of(group: str) -> dict[str, str]:
    """What the parameter group sets."""
    stored = (rds._param_groups.get(group) or {}).get("Parameters", {})
    return {
        name: str(entry.get("ParameterValue", "") if isinstance(entry, dict) else entry)
        for name, entry in stored.items()
    }


def forces_ssl(group: str, engine_version: str) -> bool:
    """Whether a database with this group refuses connections without TLS."""
    default = "1" if int(engine_version.split(".", maxsplit=1)[0]) >= _FIRST_MAJOR_FORCING_SSL else "0"
    return values_of(group).get(_FORCE_SSL, default) == "1"


def settings_of(group: str) -> str:
    """The group as lines of postgresql.conf."""
    return "\n".join(
        f"{name} = '{text.replace(chr(39), chr(39) * 2)}'" for name, text in values_of(group).items() if _settable(text)
    )


def _settable(text: str) -> bool:
    """RDS computes `{DBInstanceClassMemory/32768}` from the machine; the sandbox's has no such size."""
    return "{" not in text


def install() -> None:
    """Apply what `ModifyDBParameterGroup` and `ResetDBParameterGroup` change; a reboot applies the rest."""
    for action in ("ModifyDBParameterGroup", "ResetDBParameterGroup"):
        rds._ACTION_MAP[action] = _applying(rds._ACTION_MAP[action])
    record_reboot = rds._record_reboot_event

    def record_reboot_event(instance: dict[str, Any]) -> None:
        for membership in instance.get("DBParameterGroups", []):
            membership["ParameterApplyStatus"] = "in-sync"
        record_reboot(instance)
        events.send(instance, events.RESTARTED)

    rds._record_reboot_event = record_reboot_event


def _applying(handler: Callable[[Parameters], Answer]) -> Callable[[Parameters], Answer]:
    def handle(parameters: Parameters) -> Answer:
        group = value(parameters, "DBParameterGroupName")
        before = values_of(group)
        answer = handler(parameters)
        after = values_of(group)
        changed = {
            name: after.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        }
        if not refused(answer) and changed:
            for instance in list(rds._instances.values()):
                _apply(instance, group, changed)
        return answer

    return handle


def _apply(instance: dict[str, Any], group: str, changed: dict[str, str | None]) -> None:
    """Hand the changed parameters to one database; what only a restart changes waits for `RebootDBInstance`."""
    membership = (instance.get("DBParameterGroups") or [{}])[0]
    if membership.get("DBParameterGroupName") != group or not database.running(instance):
        return
    statements = [
        sql.SQL("ALTER SYSTEM RESET {}").format(_name(name))
        if text is None
        else sql.SQL("ALTER SYSTEM SET {} = {}").format(_name(name), sql.Literal(text))
        for name, text in changed.items()
        if name != _FORCE_SSL and (text is None or _settable(text))
    ]
    try:
        database.execute(instance, *statements, sql.SQL("SELECT pg_reload_conf()"))
    except psycopg.Error:
        logger.exception("parameters of %s do not apply to %s", group, instance["DBInstanceIdentifier"])
        membership["ParameterApplyStatus"] = "failed-to-apply"
        return
    if _FORCE_SSL in changed:
        _switch_ssl(instance, required=forces_ssl(group, instance["EngineVersion"]))
    membership["ParameterApplyStatus"] = "pending-reboot" if _pending(instance) else "in-sync"


def _name(parameter: str) -> sql.Composed:
    return sql.SQL(".").join(sql.Identifier(part) for part in parameter.split("."))


def _pending(instance: dict[str, Any]) -> bool:
    with psycopg.connect(
        host=instance["_internal_address"],
        port=instance["_internal_port"],
        user=instance["MasterUsername"],
        password=instance["_MasterUserPassword"],
        dbname=instance["DBName"],
    ) as connection:
        row = connection.execute("SELECT count(*) FROM pg_settings WHERE pending_restart").fetchone()
    return bool(row and row[0])


def _switch_ssl(instance: dict[str, Any], *, required: bool) -> None:
    old, new = ("host", "hostssl") if required else ("hostssl", "host")
    container = rds._get_docker().containers.get(instance["_docker_container_id"])
    script = f'sed -i "s/^{old} all all all /{new} all all all /" "$PGDATA/pg_hba.conf" && kill -HUP 1'
    code, output = container.exec_run(["sh", "-c", script])
    if code != 0:
        logger.error("rds.force_ssl of %s: %s", instance["DBInstanceIdentifier"], output.decode(errors="replace"))


def adopt(instance: dict[str, Any], group: str) -> None:
    """Write the whole group for the next start of the database."""
    statements: list[database.Statement] = [sql.SQL("ALTER SYSTEM RESET ALL")]
    statements += [
        sql.SQL("ALTER SYSTEM SET {} = {}").format(_name(name), sql.Literal(text))
        for name, text in values_of(group).items()
        if name != _FORCE_SSL and _settable(text)
    ]
    database.execute(instance, *statements)
    _switch_ssl(instance, required=forces_ssl(group, instance["EngineVersion"]))

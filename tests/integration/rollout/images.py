# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images of a service that behaves as its environment says: built, and pushed as releases."""

from __future__ import annotations

import base64
import io
import tarfile
import uuid
from pathlib import Path
from typing import Any

import docker

BASE = "fastbreak-sandbox/base:trixie"
APP = (Path(__file__).parent / "app.py").read_bytes()
SERVICE = Path(__file__).parents[3] / "service" / "src" / "fastbreak_service"
# What asks as the service does.
PROBE = ("__init__.py", "probing.py", "timely.py")
# As few steps as can be: for each the engine makes a container and a layer, which takes longer than what it does.
RECIPE = """\
FROM {base}
ENV PYTHONUNBUFFERED=1 {settings}
COPY files /
CMD ["fastbreak-service", "serve"]
"""
# Each container is asked every second or two, and to start a Python for it would keep a core busy.
LAUNCHER = b"""\
#!/bin/sh
[ "$1" = healthcheck ] && exit 0
exec python3 /app.py "$@"
"""


class Images:
    """Releases in one repository of one account's registry."""

    def __init__(self, ecr: Any, repository: str) -> None:
        self._ecr = ecr
        self._repository = repository
        self._engine = docker.from_env()
        # Else the engine compresses the base image for each repository anew, which takes longer than most rollouts.
        ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")

    def push(self, version: str, **settings: object) -> str:
        """Build an image that behaves as *settings* say and push it as a release of *version*; its tag.

        The engine keeps none: an image whose tag is removed while a task runs it would stay for ever. No two share a
        step, or the removal of the one would take what the other is being built upon.
        """
        tag = f"{version}-{(uuid.uuid4().hex + uuid.uuid4().hex)[:40]}"
        login = self._ecr.get_authorization_token()["authorizationData"][0]
        name = f"{login['proxyEndpoint'].partition('://')[2]}/{self._repository}"
        values = [f"{key}={value}" for key, value in {"FASTBREAK_VERSION": tag, **settings}.items()]
        recipe = RECIPE.format(base=BASE, settings=" ".join(values))
        self._engine.images.build(fileobj=_context(recipe), custom_context=True, tag=f"{name}:{tag}", rm=True)
        user, _colon, password = base64.b64decode(login["authorizationToken"]).decode().partition(":")
        credentials = {"username": user, "password": password}
        for line in self._engine.images.push(name, tag=tag, stream=True, decode=True, auth_config=credentials):
            assert "error" not in line, line
        self._engine.images.remove(f"{name}:{tag}")
        return tag

    def close(self) -> None:
        """End the connections to the engine."""
        self._engine.close()


def _context(recipe: str) -> io.BytesIO:
    archive = io.BytesIO()
    files = {
        "Dockerfile": recipe.encode(),
        "files/app.py": APP,
        **{f"files/{SERVICE.name}/{name}": (SERVICE / name).read_bytes() for name in PROBE},
        "files/usr/local/bin/fastbreak-service": LAUNCHER,
    }
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    archive.seek(0)
    return archive

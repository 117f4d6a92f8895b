# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases' images, built and pushed to the environment's registry."""

import base64
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import docker
import httpx

from benchmarks.errors import BenchmarkError
from benchmarks.releases.kinds import KINDS, Kind

BASE = "fastbreak-sandbox/base:trixie"
RECIPE = """\
FROM {base}
COPY app.py /app.py
COPY fastbreak-service /usr/local/bin/fastbreak-service
ENV PYTHONUNBUFFERED=1
{settings}
CMD ["fastbreak-service", "serve"]
"""
# A health check that starts a Python takes seconds on a busy machine, and ECS replaces what does not answer in five.
# A Python that is the first process of a container cannot be ended before it has said how.
LAUNCHER = b"""\
#!/bin/sh
[ "$1" = healthcheck ] && exit 0
trap 'kill "$program"; exit 0' TERM
python3 /app.py "$@" &
program=$!
wait "$program"
"""
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_APP = Path(__file__).with_name("app.py")


def tag_of(kind: Kind | None, number: int = 0) -> str:
    """The tag of a kind's release, the *number*th of a series; of the version that runs before, without a kind."""
    name = f"{kind.name if kind else 'running'}{number or ''}"
    place = KINDS.index(kind) + 1 if kind else 0
    return f"1.{place}.{number}-{hashlib.sha256(name.encode()).hexdigest()[:40]}"


class Images:
    """The releases in one repository."""

    def __init__(self, ecr: Any, repository: str) -> None:
        self._repository = repository
        self._engine = docker.from_env()
        login = ecr.get_authorization_token()["authorizationData"][0]
        self._registry = str(login["proxyEndpoint"])
        user, _, password = base64.b64decode(login["authorizationToken"]).decode().partition(":")
        self._login = (user, password)
        self._pushed: set[str] = set()

    def push(self, kind: Kind | None, number: int = 0) -> str:
        """Build and push the release; its tag. Of a kind whose image is missing, only the tag.

        It is pushed once, in however many ways it is deployed: no tag can be written over.
        """
        tag = tag_of(kind, number)
        if tag not in self._pushed and not (kind and kind.image == "missing"):
            self._push(kind, tag)
            self._pushed.add(tag)
        return tag

    def _push(self, kind: Kind | None, tag: str) -> None:
        name = f"{self._registry.partition('://')[2]}/{self._repository}"
        settings = {"FASTBREAK_VERSION": tag, **(kind.settings if kind else {})}
        recipe = RECIPE.format(base=BASE, settings="\n".join(f"ENV {key}={value}" for key, value in settings.items()))
        pushed = f"{tag}-amd64" if kind and kind.image == "arm64" else tag
        self._engine.images.build(fileobj=_context(recipe), custom_context=True, tag=f"{name}:{pushed}", rm=True)
        credentials = dict(zip(("username", "password"), self._login, strict=True))
        for line in self._engine.images.push(name, tag=pushed, stream=True, decode=True, auth_config=credentials):
            if "error" in line:
                raise BenchmarkError(f"{name}:{pushed} could not be pushed: {line['error']}")
        # The engine keeps none: tasks pull what they run.
        self._engine.images.remove(f"{name}:{pushed}")
        if pushed != tag:
            self._say_of_other_architecture(pushed, tag, kind.image if kind else "")

    def _say_of_other_architecture(self, source: str, tag: str, architecture: str) -> None:
        """Push the image *source* under *tag* with a configuration that names another architecture."""
        root = f"{self._registry}/v2/{self._repository}"
        with httpx.Client(auth=self._login, timeout=60) as registry:
            found = registry.get(f"{root}/manifests/{source}", headers={"accept": ", ".join(MANIFESTS)})
            manifest = found.raise_for_status().json()
            config = registry.get(f"{root}/blobs/{manifest['config']['digest']}").raise_for_status().json()
            content = json.dumps({**config, "architecture": architecture}).encode()
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            place = registry.post(f"{root}/blobs/uploads/").raise_for_status().headers["location"]
            target = httpx.URL(self._registry).join(place).copy_merge_params({"digest": digest})
            registry.put(target, content=content).raise_for_status()
            manifest["config"] |= {"digest": digest, "size": len(content)}
            kinds = {"content-type": found.headers["content-type"]}
            registry.put(f"{root}/manifests/{tag}", content=json.dumps(manifest), headers=kinds).raise_for_status()

    def close(self) -> None:
        """End the connections to the engine."""
        self._engine.close()


def _context(recipe: str) -> io.BytesIO:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        files = {"Dockerfile": recipe.encode(), "app.py": _APP.read_bytes(), "fastbreak-service": LAUNCHER}
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    archive.seek(0)
    return archive

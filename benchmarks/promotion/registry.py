# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A docker-registry of the benchmark's own: a process, and its storage in a folder."""

import http.client
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Self

from benchmarks.errors import BenchmarkError
from benchmarks.promotion.images import OCI_INDEX, OCI_MANIFEST
from tools.wait import until

# Without a cache, so that what is taken from the storage is gone for the registry too.
_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: "{storage}"}}
  delete: {{enabled: true}}
  maintenance: {{uploadpurging: {{enabled: false}}}}
http: {{addr: "127.0.0.1:{port}", secret: one-secret-for-every-start}}
"""
_ACCEPT = f"{OCI_MANIFEST}, {OCI_INDEX}, application/vnd.docker.distribution.manifest.v2+json"
_START_SECONDS = 20


class DockerRegistry:
    """`with DockerRegistry(folder) as registry`: it runs at `registry.host` until the end of the block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """Where it answers: `127.0.0.1:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def storage(self) -> Path:
        """What it keeps."""
        return self.folder / "storage"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        for _attempt in range(5):
            self.port = _free_port()
            if self._start():
                return self
        log = (self.folder / "log").read_text(errors="replace")
        raise BenchmarkError(f"docker-registry does not start: {log.strip()[-600:]}")

    def __exit__(self, *_: object) -> None:
        self._stop()

    def files(self) -> set[Path]:
        """Everything it keeps now."""
        return {path for path in self.storage.rglob("*") if not path.is_dir()}

    def restore(self, files: set[Path]) -> None:
        """Take away all but *files*, so that it holds what it held when they were listed. With none: everything."""
        if not files:
            shutil.rmtree(self.storage, ignore_errors=True)
            return
        for path in self.files() - files:
            path.unlink()
            # An empty folder of a repository, tag or upload would still answer for it.
            for folder in path.parents:
                if folder == self.storage or any(folder.iterdir()):
                    break
                folder.rmdir()

    def manifests(self, repository: str) -> int:
        """How many manifests a repository holds."""
        kept = self.storage / "docker/registry/v2/repositories" / repository / "_manifests/revisions/sha256"
        return sum(1 for _manifest in kept.iterdir())

    def get(self, path: str) -> int:
        """The status that a path answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Accept": _ACCEPT})
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def _start(self) -> bool:
        config = self.folder / "config.yml"
        config.write_text(_CONFIG.format(storage=self.storage, port=self.port))
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        process = self._process
        answered = until(lambda: process.poll() is not None or self._answers(), _START_SECONDS, pause=0.02)
        # What answers on the port of one that has ended is somebody else's.
        if answered and process.poll() is None:
            return True
        self._stop()
        return False

    def _answers(self) -> bool:
        try:
            return self.get("/v2/") == 200
        except OSError:
            return False

    def _stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

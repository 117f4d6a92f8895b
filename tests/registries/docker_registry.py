# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Debian's docker-registry, started on a free port of 127.0.0.1 with its storage in a folder of its own.

    with DockerRegistry(tmp_path) as registry:
        registry.host           # "127.0.0.1:40123"

``secret`` is fixed, so that an upload outlives a restart. ``users`` are `BASIC_USER` and `BASIC_PASSWORD` with
``basic=True``; ``tls`` is a `tests.registries.tls.Certificate`, ``token`` a `token_server.TokenServer` of this folder.
"""

import http.client
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import yaml

PROGRAM = shutil.which("docker-registry")
BASIC_USER = "promoter"
BASIC_PASSWORD = "correct-horse"
# docker-registry reads bcrypt alone, which neither the standard library nor a locked package writes.
_HTPASSWD = "promoter:$2b$05$abcdefghijklmnopqrstuuZ0Fx87Pb/Aqb0E90lfvCwzXnaFKUHpS\n"
_SECRET = "one-secret-for-every-start"
_START_SECONDS = 20


class DockerRegistry:
    """A running docker-registry."""

    def __init__(self, folder, *, basic=False, tls=None, token=None):
        self.folder = Path(folder)
        self.basic, self.tls, self.token = basic, tls, token
        self.port = 0
        self._process = None

    @property
    def host(self):
        """`127.0.0.1:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        """Scheme and host."""
        return f"{'https' if self.tls else 'http'}://{self.host}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Start it, on the port it had before if there was one, and wait until it answers."""
        if PROGRAM is None:
            raise RuntimeError("docker-registry is not installed: install Debian's package docker-registry")
        self.folder.mkdir(parents=True, exist_ok=True)
        for _attempt in range(5):
            port = self.port or _free_port()
            self._launch(port)
            if self._answers(port):
                self.port = port
                return
            self.stop()
        raise RuntimeError(f"docker-registry does not start:\n{self.log()}")

    def stop(self):
        """End it; what it stored stays."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self):
        """What it wrote."""
        return (self.folder / "registry.log").read_text(errors="replace")

    def _launch(self, port):
        config = self.folder / "config.yml"
        config.write_text(yaml.safe_dump(self._config(port)))
        with (self.folder / "registry.log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "serve", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"OTEL_TRACES_EXPORTER": "none", "PATH": "/usr/bin:/bin"},
            )

    def _answers(self, port):
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            connection = self._connection(port)
            try:
                connection.request("GET", "/")
                connection.getresponse().read()
            except OSError:
                time.sleep(0.02)
            else:
                return self._process.poll() is None
            finally:
                connection.close()
        return False

    def _connection(self, port):
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        context = ssl.create_default_context(cafile=str(self.tls.ca))
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)

    def _config(self, port):
        listener = {"addr": f"127.0.0.1:{port}", "secret": _SECRET}
        if self.tls:
            listener["tls"] = {"certificate": str(self.tls.certificate), "key": str(self.tls.key)}
        config = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}, "delete": {"enabled": True}},
            "http": listener,
        }
        if self.basic:
            users = self.folder / "htpasswd"
            users.write_text(_HTPASSWD)
            config["auth"] = {"htpasswd": {"realm": "docker-registry", "path": str(users)}}
        if self.token:
            config["auth"] = {"token": self.token.settings()}
        return config


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

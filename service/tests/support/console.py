# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The review console as its users meet it: built, behind a distribution's headers, with the sandbox's issuer."""

from __future__ import annotations

import json
import mimetypes
import re
import subprocess
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import httpx

from support.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[3]
_OF_RANGES = ("accept-ranges", "content-range", "etag", "last-modified")
_PYTHON = ROOT / ".venv" / "bin" / "python"
PEOPLE = {
    "ada": {"team": "hawks", "roles": ["administrator"]},
    "bob": {"team": "hawks", "roles": ["uploader"]},
    "eve": {"team": "bulls", "roles": ["reviewer"]},
    "kim": {"team": "hawks", "roles": ["reviewer"]},
}
_SERVE = """
import json, sys
from pathlib import Path
from sandbox.addresses import bind
from sandbox.authority import Authority, authority_path
from sandbox.services.oidc.model import Client, Issuer
from sandbox.services.oidc.people import Desk, Person
from sandbox.services.oidc.runtime import Server

folder, site, people = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
issuer, listener = Issuer(), bind("127.0.0.1", 0)
issuer.url = f"https://127.0.0.1:{listener.getsockname()[1]}"
issuer.register("console", Client("", {}, redirect_uris=(site + "/",)))
desk = Desk(issuer)
for name, claims in people.items():
    desk.register(name, Person(claims))
Server().start(desk, issuer, listener, Authority.of(folder))
print(json.dumps({"url": issuer.url, "authority": str(authority_path(folder))}), flush=True)
sys.stdin.read()
"""


def built(folder: Path) -> Path:
    """The console, built into a folder."""
    command("build", "--out", str(folder))
    return folder


def command(*words: str) -> None:
    """Run a verb of `tools.console`; fails the test with what it said."""
    whole = [str(_PYTHON), "-m", "tools.console", *words]
    done = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass
class SandboxIssuer:
    """The sandbox's issuer alone, to which people sign in who have some claims."""

    folder: Path
    site: str
    people: Mapping[str, Mapping[str, object]]

    def __enter__(self) -> Self:
        command = [str(_PYTHON), "-c", _SERVE, str(self.folder), self.site, json.dumps(self.people)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        self.url, self.authority = told["url"], told["authority"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def settings(self) -> dict[str, str]:
        """What a service that accepts its tokens is set to."""
        return {
            "FASTBREAK_IDENTITY": "oidc",
            "FASTBREAK_OIDC_ISSUER": self.url,
            "FASTBREAK_OIDC_AUDIENCE": "fastbreak",
            "SSL_CERT_FILE": self.authority,
            "no_proxy": "127.0.0.1",
        }


class Site:
    """Serves the console as the distribution does: pages by path, its headers, and the service under `/api`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: dict[str, str] = {}
        self.api = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path.startswith("/api/"):
                    self._pass_on(b"")
                    return
                path = urlsplit(self.path).path
                name = path.lstrip("/") if "." in path.rpartition("/")[2] else "index.html"
                kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
                if name == "config.json":
                    self._send(200, kind, json.dumps(site.config).encode())
                elif (site.folder / name).is_file():
                    self._send(200, kind, (site.folder / name).read_bytes())
                else:
                    self._send(404, "text/plain", b"")

            def do_POST(self) -> None:
                self._pass_on(self.rfile.read(int(self.headers.get("content-length", "0"))))

            def do_PUT(self) -> None:
                self.do_POST()

            def do_DELETE(self) -> None:
                self.do_POST()

            def _pass_on(self, body: bytes) -> None:
                kept = {
                    name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}
                }
                target = site.api + self.path.removeprefix("/api")
                with httpx.stream(
                    self.command, target, content=body, headers=kept, timeout=60, trust_env=False
                ) as answer:
                    self._answer(answer)

            def _answer(self, answer: httpx.Response) -> None:
                if answer.headers.get("content-type", "").startswith("text/event-stream"):
                    self._stream(answer)
                    return
                answer.read()
                ranged = {name: answer.headers[name] for name in _OF_RANGES if name in answer.headers}
                kind = answer.headers.get("content-type", "application/octet-stream")
                self._send(answer.status_code, kind, answer.content, ranged)

            def _stream(self, answer: httpx.Response) -> None:
                """Pass on what comes, when it comes, until either side leaves."""
                self.close_connection = True
                self.send_response(answer.status_code)
                self.send_header("content-type", answer.headers["content-type"])
                self.end_headers()
                with suppress(ConnectionError):
                    for part in answer.iter_raw():
                        self.wfile.write(part)

            def _send(self, status: int, kind: str, body: bytes, more: Mapping[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in (more or {}).items():
                    self.send_header(name, value)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.send_header("content-security-policy", policy(site.config.get("issuer", "")))
                self.send_header("x-content-type-options", "nosniff")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running(folder: Path, migrated: Mapping[str, str], kept: Path) -> Iterator[Site]:
    """The console that was built into a folder, its issuer and its service on a migrated database, all running."""
    for name in ("authority", "footage"):
        (kept / name).mkdir(parents=True)
    with ExitStack() as stack:
        made = stack.enter_context(Site(folder))
        issuer = stack.enter_context(SandboxIssuer(kept / "authority", made.url, PEOPLE))
        made.config = {"api": "/api", "issuer": issuer.url, "client_id": "console"}
        settings = {**migrated, **issuer.settings, "FASTBREAK_FOOTAGE": str(kept / "footage")}
        service = Service(settings, kept / "log.jsonl")
        stack.callback(service.end)
        made.api = str(service.start().http.base_url).rstrip("/")
        yield made


def policy(issuer: str) -> str:
    """The distribution's content security policy as shipped, with the issuer."""
    defaults = (ROOT / "roles" / "cloudfront" / "defaults" / "main.yml").read_text(encoding="utf-8")
    found = re.search(r"^cloudfront_content_security_policy: >-\n((?:  .*\n)+)", defaults, re.MULTILINE)
    assert found, "the role cloudfront has no policy"
    return f"{' '.join(found[1].split())}; connect-src 'self' {issuer}; media-src 'self' blob:"

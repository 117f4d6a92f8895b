# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The embedded AWS of this clone: start it, use it, remove it."""

import argparse
import json
import shlex
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from subprocess import Popen

import requests
from docker import DockerClient
from docker.errors import DockerException

from sandbox import ACCOUNTS, REGIONS, engine, process, state
from sandbox.addresses import loopback_address, low_port_problem
from sandbox.authority import authority_path
from sandbox.errors import SandboxError
from sandbox.release_identity import signing_variables, trust_variables
from sandbox.wait import until

START_SECONDS = 60.0


def up(name: str, home: Path, port: int | None = None) -> None:
    """Start the sandbox and wait until it serves; when it already does, say so and change nothing.

    The port is `port`, else that of the last time, else the first free port from 4566; the next when it is taken.
    """
    with state.exclusive(home):
        running = process.find(name, home)
        known = state.read_state(home)
        if running and known and known.pid == running.pid:
            print(f"sandbox {name} is already up at {known.endpoint_url}")
            return
        try:
            client = _preflight(name, home)
        except SandboxError:
            if not running and known is None:
                state.remove_home(home)
            raise
        if running:
            process.stop(running)
        process.end_descendants(home)
        engine.sweep(client, name, home)
        (home / "state.json").unlink(missing_ok=True)
        started = process.start(name, home, state.ROOT, port or (known.port if known else None))
        print(f"sandbox {name} is up at {_wait_until_up(started, home).endpoint_url}")


def down(name: str, home: Path) -> None:
    """Remove the process, everything in the Docker engine and every file of the sandbox, whatever state it is in."""
    with state.exclusive(home):
        if running := process.find(name, home):
            process.stop(running)
        process.end_descendants(home)
        client = engine.connect()
        engine.sweep(client, name, home)
        engine.remove_tags(client, _registries(home))
        state.remove_home(home)
    print(f"sandbox {name} is down")


def show_down(name: str, home: Path) -> None:
    """Print what `down` would remove."""
    server = process.find(name, home)
    client = engine.connect()
    found = [f"process {server.pid}"] if server else []
    found += [*engine.belongings(client, name, home)]
    found += [f"image {tag}" for tag in engine.tags_of(client, _registries(home))]
    found += [f"{home}/"] if home.exists() else []
    print("\n".join(found) or f"sandbox {name} has nothing to remove")


def _registries(home: Path) -> list[str]:
    return [loopback_address(home, f"registry/{account}") for account in ACCOUNTS.values()]


def status(name: str, home: Path, *, as_json: bool = False) -> int:
    """Print whether the sandbox serves; the exit code is 0 when it does, 3 when it does not."""
    known, running = state.read_state(home), process.find(name, home)
    serving = bool(known and running and known.pid == running.pid and _is_healthy(known))
    if as_json:
        print(json.dumps({"up": serving, **(asdict(known) if known and serving else {"name": name})}, indent=2))
    elif known and serving:
        print(f"sandbox {name} is up at {known.endpoint_url} (process {known.pid}, region {known.region})")
        for alias, account in known.accounts.items():
            registry = known.registries.get(account)
            print(f"  {alias}: account {account}" + (f", registry {registry}" if registry else ""))
    elif running:
        print(f"sandbox {name} has a process ({running.pid}) that does not serve: run `python -m sandbox up` again")
    else:
        print(f"sandbox {name} is down")
    return 0 if serving else 3


def reset(name: str, home: Path) -> None:
    """Forget all resources and remove all containers; the server stays."""
    known = _require_up(name, home)
    request = urllib.request.Request(f"{known.endpoint_url}/_ministack/reset", method="POST")  # noqa: S310 - our own http URL
    try:
        with urllib.request.urlopen(request, timeout=120):  # noqa: S310 - our own http URL
            print(f"sandbox {name} is empty again")
    except (urllib.error.URLError, OSError) as error:
        raise SandboxError(f"sandbox {name} could not be reset ({error}): see `python -m sandbox logs`") from error


def show_reset(name: str, home: Path) -> None:
    """Print what `reset` would remove."""
    _require_up(name, home)
    found = [item for item in engine.belongings(engine.connect(), name, home) if not item.startswith("network ")]
    print("\n".join(["all resources of all accounts", *found]))


def logs(name: str, home: Path, *, follow: bool = False) -> None:
    """Print the server's log; with `follow`, go on until interrupted or until the server ends."""
    path = home / "server.log"
    if not path.exists():
        raise SandboxError(f"sandbox {name} has no log: it is not up")
    with path.open(errors="replace") as log:
        while True:
            sys.stdout.write(log.read())
            sys.stdout.flush()
            if not follow or process.find(name, home) is None:
                sys.stdout.write(log.read())
                return
            time.sleep(0.2)


def env(name: str, home: Path, account: str) -> None:
    """Print `export` lines that point AWS clients at one account of the sandbox."""
    known = _require_up(name, home)
    variables = {
        "AWS_ENDPOINT_URL": known.endpoint_url,
        "AWS_ACCESS_KEY_ID": known.accounts[account],
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": REGIONS[account],
        "AWS_DEFAULT_REGION": REGIONS[account],
        "FASTBREAK_CA_BUNDLE": str(authority_path(home)),
        "FASTBREAK_OIDC_ISSUER": known.issuer,
        "FASTBREAK_REACHES_TEST_LISTENER": "true",
        **trust_variables(home),
    }
    # Only dev publishes. Without an issuer (SANDBOX_SERVICES) nobody has tokens.
    if account == "dev" and known.issuer and "FASTBREAK_SIGSTORE" in variables:
        variables |= signing_variables(known, home)
    for key, value in variables.items():
        print(f"export {key}={shlex.quote(value)}")


def _preflight(name: str, home: Path) -> DockerClient:
    """A client of the Docker engine, once nothing speaks against starting."""
    client = engine.connect()
    if problem := low_port_problem(loopback_address(home, "probe")):
        raise SandboxError(problem)
    running = (str(server.home) for server in process.servers() if server.name == name and server.home != home)
    if other := next(running, None) or engine.foreign_owner(client, name, home):
        raise SandboxError(f"the name {name} belongs to the sandbox kept in {other}: choose another with --name")
    return client


def _wait_until_up(started: Popen[bytes], home: Path) -> state.State:
    def look() -> state.State | None:
        known = state.read_state(home)
        if known and known.pid == started.pid and _is_healthy(known):
            return known
        if started.poll() is not None:
            raise SandboxError(f"the sandbox's server ended with code {started.returncode}:\n{_log_tail(home)}")
        return None

    if known := until(look, START_SECONDS, pause=0.05):
        return known
    started.kill()
    raise SandboxError(f"the sandbox did not serve within {START_SECONDS:.0f} s and was ended:\n{_log_tail(home)}")


def _log_tail(home: Path, lines: int = 15) -> str:
    text = (home / "server.log").read_text(errors="replace")
    return "\n".join(text.splitlines()[-lines:]) + f"\nThe whole log: {home / 'server.log'}"


def _is_healthy(known: state.State) -> bool:
    try:
        with urllib.request.urlopen(f"{known.endpoint_url}/_ministack/health", timeout=5) as answer:  # noqa: S310 - ours
            return bool(answer.status == 200)
    except OSError:
        return False


def _require_up(name: str, home: Path) -> state.State:
    known, running = state.read_state(home), process.find(name, home)
    if not (known and running and known.pid == running.pid):
        raise SandboxError(f"sandbox {name} is not up: start it with `python -m sandbox up`")
    return known


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"sandbox of fastbreak {state.version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    helps = {
        "up": "start it; when it is up already, say so",
        "down": "remove it and everything it made",
        "status": "say whether it serves (exit code 0 or 3)",
        "reset": "forget all resources, remove all containers",
        "logs": "print the server's log",
        "env": "print the variables for one account",
    }
    for command, text in helps.items():
        sub = commands.add_parser(command, help=text, description=text)
        sub.add_argument("--name", default=state.default_name(), help="the sandbox's name (default: this clone's own)")
        if command == "up":
            sub.add_argument(
                "--port", type=int, help="the port to prefer (default: that of the last time, or the first from 4566)"
            )
        if command in {"down", "reset"}:
            sub.add_argument("--dry-run", action="store_true", help="list what would be removed, and remove nothing")
        if command == "status":
            sub.add_argument("--json", action="store_true", help="print JSON")
        if command == "logs":
            sub.add_argument("-f", "--follow", action="store_true", help="go on as the log grows")
        if command == "env":
            sub.add_argument("account", choices=sorted(ACCOUNTS), help="which account")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        name = state.check_name(options.name)
        home = state.home_of(name)
        commands: dict[str, Callable[[], int | None]] = {
            "up": lambda: up(name, home, options.port),
            "down": lambda: (show_down if options.dry_run else down)(name, home),
            "status": lambda: status(name, home, as_json=options.json),
            "reset": lambda: (show_reset if options.dry_run else reset)(name, home),
            "logs": lambda: logs(name, home, follow=options.follow),
            "env": lambda: env(name, home, options.account),
        }
        return commands[options.command]() or 0
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"sandbox: {error}: it belongs to another user; run the command as that user", file=sys.stderr)
        return 1
    except (DockerException, requests.RequestException) as error:
        print(
            f"sandbox: the Docker engine failed ({error}): when it is well again, run the command again",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130

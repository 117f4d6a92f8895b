# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hand pip's settings on to uv, which does not read them: a mirror or a company's CA is configured once, for pip."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.files import ROOT

BOOTSTRAP_PYTHON = ROOT / ".cache" / "bootstrap" / "uv" / "bin" / "python"
"""It has a pip, which the environments that uv fills have not."""
CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def parse(listing: str) -> dict[str, str]:
    """The output of `pip config list` as option -> value. Later lines win, the environment's last, as pip has it."""
    settings: dict[str, str] = {}
    environment: dict[str, str] = {}
    for line in listing.splitlines():
        name, separator, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if separator and section in {"global", "install"}:
            settings[option] = value.strip("'\"")
        elif separator and section == ":env:":
            environment[option] = value.strip("'\"")
    return settings | environment


def pip_settings() -> dict[str, str]:
    """What pip would use; nothing when there is no pip to ask, for then nobody configured one."""
    for python in (BOOTSTRAP_PYTHON, Path(sys.executable)):
        if python.exists():
            command = [str(python), "-m", "pip", "config", "list"]
            listing = subprocess.run(command, capture_output=True, text=True, check=False)
            if listing.returncode == 0:
                return parse(listing.stdout)
    return {}


def pip_variables() -> dict[str, str]:
    """The same settings as PIP_* variables, for a pip that will not see the user's files."""
    return {f"PIP_{option.replace('-', '_').upper()}": value for option, value in pip_settings().items()}


def remote(urls: str) -> list[str]:
    return [url for url in urls.split() if url.startswith(("http://", "https://"))]


def translate(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that make uv behave as pip would; what the caller's environment already says for uv stays."""
    variables: dict[str, str] = {}
    if index := settings.get("index-url"):
        variables["UV_DEFAULT_INDEX"] = index
    if extra := remote(settings.get("extra-index-url", "")):
        # Every file is checked against its hash, so it does not matter which index it comes from.
        variables |= {"UV_INDEX": " ".join(extra), "UV_INDEX_STRATEGY": "unsafe-best-match"}
    if hosts := settings.get("trusted-host"):
        variables["UV_INSECURE_HOST"] = hosts
    bundles = [environment.get(name) for name in CERTIFICATE_VARIABLES] + [settings.get("cert")]
    bundle = next((path for path in bundles if path and Path(path).is_file()), None)
    if bundle:
        variables["SSL_CERT_FILE"] = bundle
    else:
        variables["UV_SYSTEM_CERTS"] = "true"
    return {name: value for name, value in variables.items() if name not in environment}


def cache_folder(environment: Mapping[str, str]) -> dict[str, str]:
    """uv's cache in the clone where its usual place cannot be written to, as in a container without a home."""
    if "UV_CACHE_DIR" in environment:
        return {}
    home = environment.get("XDG_CACHE_HOME") or f"{environment.get('HOME') or '/'}/.cache"
    return {} if can_write(Path(home) / "uv") else {"UV_CACHE_DIR": str(ROOT / ".cache" / "uv")}


def can_write(folder: Path) -> bool:
    """Whether the folder can hold files. uv would make it too. Rights alone do not tell: root has them in /proc."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def uv_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment to run uv in."""
    ours = {"UV_NO_PROGRESS": "1", **cache_folder(environment), **translate(pip_settings(), environment)}
    return {**environment, **ours}

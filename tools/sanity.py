# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run `ansible-test sanity` on the collection's own files. Options of ansible-test may follow.

ansible-test wants the collection at `ansible_collections/<namespace>/<name>` in a git repository and refuses a link. So
what would be published is unpacked there, with amazon.aws beside it. Every test runs, but only on the Python that runs
this. It installs its own pinned linters, for which it wants to fetch get-pip from a host of its own: a file of that
name in its cache serves. It lends each of the dozen environments that ansible-test makes a pip that is installed once,
since installing pip in each takes longer than most of the linters. With --core it is done with another ansible-core,
which is installed for that.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import ansible_test
import yaml

from tools.collection import ANSIBLE, build, unpack
from tools.command_line import parser
from tools.files import ROOT, project_files
from tools.pip_settings import pip_variables

HOME = ROOT / ".cache" / "sanity"
"""ansible-test keeps its linters' environments in its home: this one, so that the user's stays clean."""
# CloudFormation's tags are no plain YAML; cfn-lint reads these files.
EXCLUDED = "roles/*/files/stack.yaml"
LENT_PIP = HOME / "pip"
COLLECTIONS = "FASTBREAK_SANITY_COLLECTIONS"
"""The variable that says where the collections lie that ours needs, when not beside ansible-test."""
GET_PIP = """\
import sysconfig
from pathlib import Path

Path(sysconfig.get_path("purelib"), "pip.pth").write_text({folder!r})
"""


def pip_version_wanted() -> str:
    """The pip that ansible-test asks for, read from its source: there is no other place that says so."""
    source = Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.strip().startswith("pip='"):
            return line.split("'")[1]
    raise SystemExit(f"ansible-core {version('ansible-core')} no longer says in {source} which pip it wants.")


def prepare_home() -> None:
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    folder = sysconfig.get_path("purelib", "venv", {"base": str(LENT_PIP)})
    script = cache / f"get_pip_{pip_version_wanted().replace('.', '_')}.py"
    # The script comes last: without it, an earlier run did not come to the end of this.
    if not script.exists() or not Path(folder, "pip").is_dir():
        script.unlink(missing_ok=True)
        venv.create(LENT_PIP, clear=True, with_pip=True)
        script.write_text(GET_PIP.format(folder=folder))


def lay_out(root: Path) -> Path:
    """The collection as ansible-test wants it, under `root`."""
    place = root / "ansible_collections" / "fastbreak" / "aws"
    unpack(build(root), place)
    for listing in ("FILES.json", "MANIFEST.json"):
        (place / listing).unlink()
    shutil.copy(ROOT / "galaxy.yml", place)
    (place / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "config.yml", place / "tests")
    for namespace in {name.split(".")[0] for name in yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]}:
        (root / "ansible_collections" / namespace).symlink_to(installed_collections() / namespace)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=place, check=True)
    return place


def installed_collections() -> Path:
    return Path(os.environ.get(COLLECTIONS) or Path(ansible_test.__file__).parent.parent / "ansible_collections")


def with_core(series: str, arguments: list[str]) -> int:
    """Run this with the newest ansible-core of another series than the locked one, in an environment of its own."""
    place = ROOT / ".cache" / "sanity-cores" / f"{series}-{sys.version_info.major}.{sys.version_info.minor}"
    venv.create(place, with_pip=True, clear=True)
    python = str(place / "bin" / "python")
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"ansible-core=={series}.*"]
    subprocess.run([python, *words], env={**os.environ, **pip_variables()}, check=True)
    variables = {**os.environ, COLLECTIONS: str(installed_collections())}
    return subprocess.run(
        [python, "-m", "tools.sanity", *arguments], cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, check=False
    ).returncode


def environment(current: Mapping[str, str]) -> dict[str, str]:
    """A home of its own would hide the user's pip settings, so they go along as variables."""
    path = f"{ANSIBLE}{os.pathsep}{current.get('PATH', os.defpath)}"
    # Most of what is installed is never imported.
    return {**current, **pip_variables(), "PIP_NO_COMPILE": "1", "HOME": str(HOME), "PATH": path}


def main(arguments: list[str]) -> int:
    made = parser("tools.sanity", __doc__)
    made.add_argument("--core", default="", metavar="SERIES", help="another series of ansible-core, such as 2.19")
    given, options = made.parse_known_args(arguments)
    if given.core and not version("ansible-core").startswith(f"{given.core}."):
        return with_core(given.core, options)
    prepare_home()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    with tempfile.TemporaryDirectory(prefix="fastbreak-sanity-") as scratch:
        command = [f"{ANSIBLE}/ansible-test", "sanity", "--local", "--python", python]
        command += ["--color", "no", "--truncate", "0"]
        command += [word for path in project_files(EXCLUDED) for word in ("--exclude", str(path))]
        done = subprocess.run(
            [*command, *options],
            cwd=lay_out(Path(scratch)),
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode == 0:
        print(f"passed: ansible-test sanity of ansible-core {version('ansible-core')} on Python {python}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build what a pipeline deploys with: an image of Ansible, this collection and the inventories.

ansible-builder writes what is built, out of `meta/execution-environment.yml` of the collection, and the Docker engine
builds it. The image holds the inventories in /fastbreak/inventories. Push it to the repository that the role
codepipeline makes, and name its tag in codepipeline_execution_environment_tag.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from tools.clone import CACHE_LABEL, CLONE_LABEL, identity
from tools.collection import ANSIBLE, build
from tools.command_line import parser
from tools.files import ROOT
from tools.images._engine import build as build_image
from tools.images._engine import require_engine
from tools.images._errors import ImageError

TAG = "fastbreak/execution-environment:latest"
BASE_IMAGE = "python:3.13-slim-trixie"
VENV = "/opt/venv"
# pip may not write into Debian's own Python, which may lack venv besides.
MAKE_VENV = (
    f"RUN python3 -m venv {VENV} || "
    "{ apt-get update && apt-get install -y --no-install-recommends python3-venv && "
    f"rm -rf /var/lib/apt/lists/* && python3 -m venv {VENV}; }}"
)
COLLECTIONS = "/usr/share/ansible/collections/ansible_collections"


def definition(tarball: Path, base_image: str, inventories: Path, amazon: Path | None) -> dict[str, Any]:
    """What ansible-builder is told. *amazon*: the collection amazon.aws to copy; None takes it from Galaxy."""
    files = [{"src": str(inventories), "dest": "inventories"}, {"src": str(tarball), "dest": "collections"}]
    final = ["COPY _build/inventories /fastbreak/inventories"]
    if amazon:
        files.append({"src": str(amazon), "dest": "amazon"})
        final.append(f"COPY _build/amazon {COLLECTIONS}/amazon/aws")
    return {
        "version": 3,
        "images": {"base_image": {"name": base_image}},
        "build_arg_defaults": {"ANSIBLE_GALAXY_CLI_COLLECTION_OPTS": "--no-deps" if amazon else ""},
        "dependencies": {
            "ansible_core": {"package_pip": f"ansible-core=={version('ansible-core')}"},
            "python_interpreter": {"python_path": f"{VENV}/bin/python3"},
            "galaxy": {"collections": [{"name": f"collections/{tarball.name}", "type": "file"}]},
            # What only publish.yml runs, which builds images: a pipeline's build has no engine.
            "exclude": {"system": ["git", "docker.io"]},
        },
        "options": {
            "package_manager_path": "/usr/bin/apt-get",
            "skip_ansible_check": True,
            "container_init": {},
            "user": "root",
        },
        "additional_build_files": files,
        "additional_build_steps": {
            "prepend_base": [MAKE_VENV, f"ENV PATH={VENV}/bin:$PATH"],
            "append_final": [*final, 'CMD ["ansible-playbook", "--version"]'],
        },
    }


def create(told: Mapping[str, Any], into: Path) -> Path:
    """Have ansible-builder write the context; its folder. Raises ImageError with ansible-builder's words."""
    file, context = into / "execution-environment.yml", into / "context"
    file.write_text(yaml.safe_dump(dict(told)), encoding="utf-8")
    command = [f"{ANSIBLE}/ansible-builder", "create", "--output-filename", "Dockerfile"]
    done = subprocess.run(
        [*command, "--file", str(file), "--context", str(context)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ImageError(f"ansible-builder could not write the context:\n{done.stdout}{done.stderr}")
    return context


def local_amazon() -> Path:
    """The collection amazon.aws of the package `ansible` that is installed here."""
    spec = find_spec("ansible_collections")
    for folder in spec.submodule_search_locations or [] if spec else []:
        if (found := Path(folder) / "amazon" / "aws").is_dir():
            return found
    raise ImageError("There is no amazon.aws here. Install the package `ansible`, or leave out --local-collections.")


def main(arguments: list[str] | None = None) -> int:
    made = parser("tools.execution_environment", __doc__)
    made.add_argument("--tag", default=TAG, help=f"what the image is called (default: {TAG})")
    made.add_argument(
        "--base-image",
        default=os.environ.get("FASTBREAK_BASE_IMAGE") or BASE_IMAGE,
        help=f"a Debian with Python (default: $FASTBREAK_BASE_IMAGE or {BASE_IMAGE})",
    )
    made.add_argument("--inventories", type=Path, default=ROOT / "inventories", help="what the image holds of them")
    made.add_argument(
        "--local-collections", action="store_true", help="copy amazon.aws from here, where Galaxy is out of reach"
    )
    options = made.parse_args(arguments)
    try:
        require_engine()
        with tempfile.TemporaryDirectory(prefix="fastbreak-ee-") as folder:
            amazon = local_amazon() if options.local_collections else None
            tarball = build(Path(folder))
            told = definition(tarball, options.base_image, options.inventories.resolve(), amazon)
            labels = {CLONE_LABEL: identity(), CACHE_LABEL: options.tag}
            build_image(options.tag, create(told, Path(folder)), arguments={}, labels=labels)
    except ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{options.tag} holds Ansible, fastbreak.aws and the inventories of {options.inventories}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository with commits of its own, as an adopter has it, and the accounts that its workflows work in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._release.table import ReleasesClient

from demo import roles
from demo.labels import labels
from demo.platform import Platform
from tests.integration.workflows.issuer import REPOSITORY
from tools.files import ROOT, project_files

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Release

BASE_IMAGE = "fastbreak-sandbox/base:trixie"
ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = "fastbreak-sports/fastbreak/.github/workflows/release.yml@refs/heads/dev"
"""What signs, without the host."""
SAID = f"""
fastbreak_deployed_by: github
fastbreak_release_identity: https://github.com/{WORKFLOW}
# A sandbox would take its own.
fastbreak_release_issuer: {ISSUER}
"""
SUBJECTS = {
    "dev": {"iam_ci_subjects": "dev", "iam_deployer_subjects": "dev"},
    "prod": {"iam_promoter_subjects": "promotion", "iam_deployer_subjects": "prod"},
}
"""Which environment on GitHub may act as which role, as docs/workflows.md has it."""


def inventory_of(environment: str, sandbox: str) -> str:
    """What is said about an environment on top of what the clone's inventory says."""
    subjects = [f'{key}: ["{REPOSITORY}:environment:{name}"]\n' for key, name in SUBJECTS[environment].items()]
    marks = "".join(f"  {key}: {value}\n" for key, value in labels(sandbox).items())
    return f"---\n{SAID}{''.join(subjects)}publish_labels:\n{marks}"


class Repository:
    """A clone of this one with what is not committed here, and with what an adopter writes into inventories."""

    def __init__(self, folder: Path, sandbox: str) -> None:
        self.folder = folder
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, timeout=300)
        for path in project_files():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)
        for environment in SUBJECTS:
            path = folder / "inventories" / environment / "group_vars/all/90_github.yml"
            path.write_text(inventory_of(environment, sandbox), encoding="utf-8")
        self._git("remote", "set-url", "origin", str(folder))
        self.commit("Say who may act as what")

    def commit(self, message: str) -> str:
        """Commit all there is, as the newest of the branch dev; the commit."""
        self._git("add", "--all")
        self._git("-c", "user.name=Test", "-c", "user.email=test@fastbreak.example", "commit", "--quiet", "-m", message)
        self._git("branch", "--force", "dev")
        return self._git("rev-parse", "HEAD")

    def change(self, message: str) -> str:
        """A commit that changes the service; its hash."""
        path = self.folder / "service/src/fastbreak_service/api/views.py"
        path.write_text(path.read_text(encoding="utf-8") + f"# {message}\n", encoding="utf-8")
        return self.commit(message)

    def spoil(self) -> str:
        """A commit whose code names a column that the database does not have, so that a query fails; its hash."""
        path = self.folder / "service/src/fastbreak_service/store/reading.py"
        text = path.read_text(encoding="utf-8")
        named, other = "order_by(analyses.c.created_at.desc()", 'order_by(sa.column("accepted_at").desc()'
        assert named in text
        path.write_text(text.replace(named, other), encoding="utf-8")
        return self.commit("Name a column that there is not")

    def check_out(self, commit: str) -> None:
        self._git("checkout", "--quiet", "--detach", commit)

    def _git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.folder, capture_output=True, text=True, check=True, timeout=120)
        return done.stdout.strip()


@dataclass(frozen=True)
class Account:
    """An environment's account in a sandbox."""

    name: str
    variables: dict[str, str]

    @classmethod
    def connect(cls, name: str, sandbox: str) -> Account:
        words = [sys.executable, "-m", "sandbox", "env", name, "--name", sandbox]
        said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
        return cls(name, dict(re.findall(r"^export (\w+)=['\"]?(.*?)['\"]?$", said, re.MULTILINE)))

    @property
    def platform(self) -> Platform:
        return Platform.connect(self.name, self.variables)

    @property
    def without_rights(self) -> dict[str, str]:
        """What leads to the sandbox, without whose credentials and signatures count there."""
        ours = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "FASTBREAK_")
        return {
            key: value
            for key, value in self.variables.items()
            if key.startswith(ours) and key != "FASTBREAK_RELEASE_IDENTITY"
        }

    def play(self, playbook: str, folder: Path) -> None:
        """Run a playbook of the clone *folder* as its role."""
        session = roles.credentials(self.platform.client("sts"), self.name, playbook)
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-i", f"inventories/{self.name}", playbook],
            cwd=folder,
            env={**os.environ, **self.variables, **session, "ANSIBLE_NOCOLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def newest_release(self, service: str = "inference") -> Release:
        """The record of a service's newest release."""
        client = self.platform.client("dynamodb")
        return ReleasesClient(lambda: client, f"fastbreak-{self.name}-releases").history(service)[0]

    def images(self) -> dict[str, str]:
        """The tags in the registry, with their digests, and what has no tag by its digest."""
        repository = self.platform.outputs("ecr")["RepositoryName"]
        pages = self.platform.client("ecr").get_paginator("describe_images").paginate(repositoryName=repository)
        found = [image for page in pages for image in page["imageDetails"]]
        return {tag: image["imageDigest"] for image in found for tag in image.get("imageTags", [image["imageDigest"]])}

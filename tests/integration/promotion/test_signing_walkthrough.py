# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The walk-through of docs/promote.md, "Signing": its commands and playbook as they stand there, with other hosts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.registries.images import make_image, make_index, push

if TYPE_CHECKING:
    from tests.registries.faulty import FaultyRegistry

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(sys.executable).with_name("ansible-playbook")
PASSPHRASE = "never-to-be-seen-4711"
SECONDS = 120


def _blocks(language: str) -> list[str]:
    """The code of the section."""
    section = (ROOT / "docs" / "promote.md").read_text(encoding="utf-8").partition("\n## Signing\n")[2]
    return re.findall(rf"```{language}\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)


class Walk:
    """A folder with the key and the playbook."""

    def __init__(self, folder: Path, source: FaultyRegistry, destination: FaultyRegistry) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "AWS_REGION": "us-east-1",
            "RELEASE_PASSPHRASE": PASSPHRASE,
        }
        (commands,), (playbook,) = _blocks("sh"), _blocks("yaml")
        subprocess.run(["sh", "-ec", commands], cwd=folder, env=self.environment, check=True, capture_output=True)
        for name, registry in (("registry.dev.example.com", source), ("registry.example.com", destination)):
            assert f"registry: {name}}}" in playbook
            playbook = playbook.replace(f"registry: {name}}}", f"registry: '{registry.host}', plain_http: true}}")
        (folder / "play.yml").write_text(playbook)

    def run(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and the output on one line."""
        done = subprocess.run(
            [PROGRAM, "-i", "localhost,", "-c", "local", "play.yml", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        text = " ".join((done.stdout + done.stderr).split())
        assert PASSPHRASE not in text
        assert "PRIVATE KEY" not in text
        return done.returncode, text


def test_what_dev_signs_prod_demands(source: FaultyRegistry, destination: FaultyRegistry, tmp_path: Path) -> None:
    made = make_index({"linux/amd64": make_image([1000]), "linux/arm64": make_image([2000], platform="linux/arm64")})
    push(source.host, "team/app", made, tag="2.0.0")
    walk = Walk(tmp_path, source, destination)
    code, text = walk.run("--check", "--start-at-task", "Promote only what is signed")
    assert code == 2
    assert "nothing that could prove it is attached" in text
    code, text = walk.run("-vvv", "--diff")
    assert code == 0, text
    assert "changed=2" in text
    assert f"sign {made.digest}" in text
    assert ("team/app", "2.0.0") in destination.store.tags
    code, text = walk.run()
    assert (code, "changed=0" in text) == (0, True), text
    types = [held.document.get("artifactType") for held in destination.store.manifests.values()]
    assert types.count("application/vnd.dev.sigstore.bundle.v0.3+json") == 1


def test_a_wrong_passphrase_asks_nobody(source: FaultyRegistry, destination: FaultyRegistry, tmp_path: Path) -> None:
    passphrase = "wrong-passphrase"
    push(source.host, "team/app", make_image([1000]), tag="2.0.0")
    walk = Walk(tmp_path, source, destination)
    walk.environment["RELEASE_PASSPHRASE"] = passphrase
    source.requests.clear()
    code, text = walk.run("-vvv")
    assert code == 2
    assert "the passphrase is not its, or it is damaged" in text
    assert passphrase not in text
    assert source.requests == destination.requests == []

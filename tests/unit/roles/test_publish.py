# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Labels of one's own reach the image that the role builds."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]


def build_program(monkeypatch):
    # It finds the file beside it as a program does.
    monkeypatch.syspath_prepend(str(ROOT / "service"))
    spec = importlib.util.spec_from_file_location("service_build", ROOT / "service" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def labels_of(play, tmp_path):
    """The words that the role's variable becomes."""
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    program = Path(sys.executable).with_name("ansible-playbook")
    subprocess.run(
        [program, "-i", "localhost,", tmp_path / "play.yml"],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections")},
        capture_output=True,
        check=True,
    )
    return json.loads((tmp_path / "words.json").read_text())


def test_labels_reach_the_build(tmp_path, monkeypatch):
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"publish_labels": {"team": "video", "note": "a = b"}},
        "vars_files": [str(ROOT / "roles" / "publish" / "vars" / "main.yml")],
        "tasks": [
            {
                "ansible.builtin.copy": {
                    "dest": str(tmp_path / "words.json"),
                    "content": "{{ __publish_build_labels | to_json }}",
                }
            }
        ],
    }
    words = labels_of(play, tmp_path)
    assert words == ["--label=note=a = b", "--label=team=video"]
    program = build_program(monkeypatch)
    options = program.parser().parse_args(["--tag", "a:1", "--version", "1", "--revision", "working", *words])
    command = program.command_line(options, "docker", tmp_path / "id")
    given = [value for word, value in pairwise(command) if word == "--label"]
    networks, migration, *own = given
    assert own == ["note=a = b", "team=video"]
    base = program.base_labels("python:3", {"Id": "sha256:1", "RepoDigests": ["python@sha256:2"]})
    assert program.command_line(options, "docker", tmp_path / "id", base)[-1] == str(ROOT / "service")
    assert base == ("org.opencontainers.image.base.name=python:3", "org.opencontainers.image.base.digest=sha256:2")
    # What the release's gate `inference` compares with the networks of a golden file.
    assert networks.startswith("com.fastbreak.models=nanodet.bin=")
    # By which the rollout knows that a database needs no migration.
    assert re.fullmatch("com.fastbreak.migration=[0-9a-f]{64}", migration)
    lock = json.loads((ROOT / "service" / "models.lock").read_text())
    assert all(f"{name}={file['sha256']}" in networks for name, file in lock["files"].items())


def test_the_programs_are_told_whether_this_run_built_the_image(tmp_path):
    tree = {"tag": "1.0.0-abc", "commit": "abc"}
    signer = {"identity": "https://ci.example/release.yml"}
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {
            "publish_repository": "app",
            "publish_source": "/app",
            "publish_sign": signer,
            "__publish_tree": tree,
            "publish_base_image": "debian:13",
            "publish_dockerfile": "",
            "publish_base": "",
            "here": {"changed": True, "digest": "sha256:1"},
            "elsewhere": {"changed": False, "digest": "sha256:1"},
        },
        "vars_files": [str(ROOT / "roles" / "publish" / "vars" / "main.yml")],
        "tasks": [
            {
                "ansible.builtin.set_fact": {f"of_{name}": "{{ __publish_predicates }}"},
                "vars": {"publish_result": f"{{{{ {name} }}}}"},
            }
            for name in ("here", "elsewhere")
        ]
        + [
            {
                "ansible.builtin.copy": {
                    "dest": str(tmp_path / "words.json"),
                    "content": "{{ [of_here, of_elsewhere, __publish_gates.labels.required] | to_json }}",
                }
            }
        ],
    }
    here, elsewhere, required = labels_of(play, tmp_path)
    about = ["--image", "app:1.0.0-abc", "--digest", "sha256:1", "--version", "1.0.0-abc", "--revision", "abc"]
    built = ["--builder", signer["identity"], "--parameter=baseImage=debian:13"]
    assert [each["command"][2:] for each in here] == [about, about + built]
    assert [each["command"][2:] for each in elsewhere] == [[*about, "--built-elsewhere"]] * 2
    assert list(required.values()) == ["1.0.0-abc", "abc"]


@pytest.mark.parametrize("token", ["", "/the/token"])
def test_the_workflow_signs_what_dev_publishes_and_nobody_else_has_to(token, tmp_path, monkeypatch):
    monkeypatch.setenv("SIGSTORE_ID_TOKEN_FILE", token)
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_WORKFLOW_REF", "a/b/.github/workflows/release.yml@refs/heads/dev")
    issuer = "https://token.actions.githubusercontent.com"
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        # Of the inventories that share it with dev: nobody is named, and signatures are Sigstore's own.
        "vars": {
            "fastbreak_release_identity": "",
            "fastbreak_release_issuer": issuer,
            "fastbreak_sigstore": "{{ inventory_dir ~ '/../shared/sigstore' }}",
        },
        "vars_files": [str(ROOT / "inventories" / "dev" / "group_vars" / "all" / "20_release.yml")],
        "tasks": [
            {"ansible.builtin.copy": {"dest": str(tmp_path / "words.json"), "content": "{{ publish_sign | to_json }}"}}
        ],
    }
    identity = "https://github.example/a/b/.github/workflows/release.yml@refs/heads/dev"
    assert labels_of(play, tmp_path) == ({"identity": identity, "issuer": issuer, "token_file": token} if token else {})

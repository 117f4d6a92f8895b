# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signs releases, and whose signature prod demands, as the inventories are shipped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sigstore._internal.tuf import DEFAULT_TUF_URL
from sigstore._utils import read_embedded

ROOT = Path(__file__).parents[3]
IDENTITY = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/dev"
GITHUB = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_WORKFLOW_REF": IDENTITY.removeprefix("https://github.com/"),
}
SANDBOX = "http://127.0.0.1:4566"
UNSET = dict.fromkeys(
    ("FASTBREAK_RELEASE_IDENTITY", "FASTBREAK_SIGSTORE", "FASTBREAK_OIDC_ISSUER", "SIGSTORE_ID_TOKEN_FILE"), ""
)


def run(tmp_path, environment, tasks, *arguments, **variables):
    """The exit code and the output of a play on the environment's registry."""
    play = {"hosts": "ecr", "gather_facts": False, "tasks": tasks}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, "-i", ROOT / "inventories" / environment, tmp_path / "play.yml", *arguments],
        cwd=ROOT,
        env={**os.environ, **UNSET, "GITHUB_WORKFLOW_REF": "", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, " ".join(done.stdout.split())


def values(tmp_path, environment, expression, **variables):
    """What an expression is on the environment's registry."""
    path = tmp_path / "value.json"
    content = "{{ " + expression + " | to_json }}"
    task = {"ansible.builtin.copy": {"dest": str(path), "content": content}, "delegate_to": "localhost"}
    code, said = run(tmp_path, environment, [task], **variables)
    assert code == 0, said
    return json.loads(path.read_text())


def test_the_root_that_is_shipped_is_the_one_that_sigstore_brings():
    ours = json.loads((ROOT / "inventories" / "shared" / "sigstore" / "trusted_root.json").read_text())
    assert ours == json.loads(read_embedded("trusted_root.json", DEFAULT_TUF_URL))


@pytest.mark.process
def test_prod_promotes_nothing_while_nobody_is_named_who_signs(tmp_path):
    role = {
        "ansible.builtin.import_role": {"name": "fastbreak.aws.image_promotion"},
        "vars": {"image_promotion_version": "1.0.0"},
    }
    code, said = run(tmp_path, "prod", [role], "-e", "fastbreak_release_identity=")
    assert code != 0
    assert "Nothing was touched" in said
    assert "inventories/shared/all.yml, such as fastbreak_release_identity: https://github.com/" in said


@pytest.mark.process
def test_what_a_sandbox_exports_is_demanded_and_signed_by(tmp_path):
    folder = tmp_path / "sigstore"
    folder.mkdir()
    (folder / "trusted_root.json").write_text('{"its": "root"}')
    (folder / "signing_config.json").write_text('{"its": "config"}')
    given = {
        "AWS_ENDPOINT_URL": SANDBOX,
        "FASTBREAK_SIGSTORE": str(folder),
        "FASTBREAK_RELEASE_IDENTITY": IDENTITY,
        "FASTBREAK_OIDC_ISSUER": "https://issuer.example",
        "SIGSTORE_ID_TOKEN_FILE": "/some/token",
    }
    by = {"identity": IDENTITY, "issuer": "https://issuer.example", "trusted_root": '{"its": "root"}'}
    demanded = values(tmp_path, "prod", "image_promotion_gates.signature", **given)
    assert demanded == {"mode": "required", **by}
    # Away from the sandbox its variables, which a shell may still have, say nothing.
    assert values(tmp_path, "prod", "image_promotion_gates.signature", **{**given, "AWS_ENDPOINT_URL": ""}) != demanded
    (folder / "signing_config.json").rename(folder / "kept.json")
    _code, said = run(tmp_path, "dev", [{"ansible.builtin.debug": {"var": "publish_sign"}}], **given)
    # No other instance is asked instead.
    assert "signing_config.json" in said
    assert "token_file" not in said
    (folder / "kept.json").rename(folder / "signing_config.json")
    signed = values(tmp_path, "dev", "publish_sign", **given)
    assert signed == {**by, "token_file": "/some/token", "signing_config": '{"its": "config"}'}


@pytest.mark.process
def test_elsewhere_sigstore_s_own_instance_is_asked_and_believed(tmp_path):
    both = "[publish_sign, fastbreak_release_issuer]"
    assert values(tmp_path, "dev", both)[0] == {}
    signed, issuer = values(tmp_path, "dev", both, SIGSTORE_ID_TOKEN_FILE="/some/token", **GITHUB)
    assert issuer == "https://token.actions.githubusercontent.com"
    assert signed == {"identity": IDENTITY, "issuer": issuer, "token_file": "/some/token"}
    root = values(tmp_path, "prod", "image_promotion_gates.signature.trusted_root | from_json")
    assert root["tlogs"][0]["baseUrl"] == "https://rekor.sigstore.dev"

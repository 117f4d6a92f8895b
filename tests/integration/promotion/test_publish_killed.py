# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""`playbooks/publish.yml`, killed at each of its steps and run again on another machine, which has no image of it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from demo import roles
from sandbox import release_identity
from sandbox.state import home_of
from sandbox.wait import until
from tests import accounts as of_account
from tests.integration.promotion.test_promotion_playbook import PROGRAM, ROOT, SECONDS, killed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.integration.promotion.accounts import Accounts

STEPS = ("build", "sbom", "provenance")
PROGRAM_OF_STEP = """\
import os, pathlib, subprocess, sys, time
def argument(name):
    return sys.argv[sys.argv.index(name) + 1]
def docker(*words):
    return subprocess.run(["docker", *words], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
if "{step}" == "build":
    labels = [word for word in sys.argv if word.startswith("--label=")]
    labels += ["--label=org.opencontainers.image.version=" + (os.environ.get("CLAIMS") or argument("--version"))]
    labels += ["--label=org.opencontainers.image.revision=" + argument("--revision")]
    docker("build", "--quiet", "--tag", argument("--tag"), *labels, str(pathlib.Path(__file__).parent))
elif docker("image", "inspect", "--format", "{{{{.Id}}}}", argument("--image")) not in (
    os.environ["IMAGE_CONFIG_DIGEST"],
    argument("--digest"),  # as an engine has it whose images containerd keeps
):
    sys.exit("this machine has another image")
if os.environ.get("STOPS_AT") == "{step}":
    pathlib.Path(os.environ["REACHED"]).touch()
    time.sleep(600)
print('{{"elsewhere": "%s", "builder": "%s"}}' % ("--built-elsewhere" in sys.argv, "--builder" in sys.argv))
"""
SIGNATURE, SBOM = "https://sigstore.dev/cosign/sign/v1", "https://cyclonedx.org/bom"
PROVENANCE = "https://slsa.dev/provenance/v1"


class Publisher:
    """Publishes a folder of git's as CI of dev does, on machines that have no image of the run before."""

    def __init__(self, made: Accounts, folder: Path) -> None:
        self._made, self._folder, self._source = made, folder, folder / "source"
        self._label = f"fastbreak.test={made.environment}"
        of_account.give_roles(made.connect("cloudformation", "dev"), made.environment, "app", made.repository)
        self._ci = roles.session(made.connect("sts", "dev"), made.environment, "ci", "publish")
        self._write_source()

    def _write_source(self) -> None:
        self._source.mkdir()
        for step in STEPS:
            (self._source / f"{step}.py").write_text(PROGRAM_OF_STEP.format(step=step))
        (self._source / "Dockerfile").write_text("FROM scratch\nCOPY pyproject.toml /\n")
        (self._source / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1.0.0"\n')
        identity = ["-c", "user.name=test", "-c", "user.email=test@fastbreak.example"]
        for words in (["init", "--quiet"], ["add", "--all"], [*identity, "commit", "--quiet", "-m", "First"]):
            subprocess.run(["git", "-C", str(self._source), *words], check=True)

    def start(self, **variables: str) -> subprocess.Popen[str]:
        """Run the playbook."""
        state = self._made.state
        home = home_of(state.name)
        extra = {
            "publish_repository": self._made.repository,
            "publish_source": str(self._source),
            "publish_labels": dict([self._label.split("=")]),
            "publish_extra_ca_certs": "",
            "fastbreak_release_issuer": state.issuer,
        }
        given = {
            **release_identity.trust_variables(home),
            **release_identity.signing_variables(state, home),
            **self._ci,
            **variables,
        }
        return subprocess.Popen(
            [PROGRAM, "-i", "inventories/dev", "playbooks/publish.yml", "-e", json.dumps(extra)],
            cwd=ROOT,
            env={**os.environ, "AWS_ENDPOINT_URL": state.endpoint_url, "AWS_REGION": state.region, **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, run: str) -> str:
        """Run it to its end, which is a good one, as the run *run* of GitHub's; what it said."""
        process = self.start(GITHUB_RUN_ID=run)
        text, _nothing = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, text
        self.remove_images()
        return text

    def die_at(self, step: str) -> None:
        """Run it and kill it at a step; the machine is gone with it."""
        reached = self._folder / f"reached-{step}"
        process = self.start(STOPS_AT=step, REACHED=str(reached), GITHUB_RUN_ID=f"killed at {step}")
        assert until(lambda: reached.exists() or process.poll() is not None, SECONDS, pause=0.05)
        assert process.poll() is None, process.communicate()[0]
        self._kill(process)

    def die_before_signing(self) -> None:
        """Kill it where it waits for the token to sign with, which nobody writes."""
        token = self._folder / "token"
        os.mkfifo(token)
        process = self.start(SIGSTORE_ID_TOKEN_FILE=str(token))
        assert until(lambda: self.tags or process.poll() is not None, SECONDS, pause=0.05)
        assert process.poll() is None, process.communicate()[0]
        self._kill(process)

    def _kill(self, process: subprocess.Popen[str]) -> None:
        killed(process)
        process.communicate()
        self.remove_images()

    def remove_images(self) -> None:
        """Be another machine: this one has no image of the release."""
        asked = ["docker", "image", "ls", "--quiet", "--no-trunc", "--filter", f"label={self._label}"]
        found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
        if found:
            subprocess.run(["docker", "image", "rm", "--force", *set(found)], check=True, capture_output=True)

    @property
    def tags(self) -> Mapping[str, str]:
        return self._made.tags("dev")

    def attached(self) -> list[dict[str, Any]]:
        """What is attached to the release."""
        (digest,) = set(self.tags.values())
        asked = {"repositoryName": self._made.repository, "subjectId": {"imageDigest": digest}}
        found: list[dict[str, Any]] = self._made.ecr("dev").list_image_referrers(**asked)["referrers"]
        return found

    def stated(self, kind: str) -> Any:
        """What the statement of that kind says."""
        (digest,) = (item["digest"] for item in self.attached() if kind in item["annotations"].values())
        manifest = json.loads(self._made.content("dev")[digest])
        asked = {"repositoryName": self._made.repository, "layerDigest": manifest["layers"][0]["digest"]}
        link = self._made.ecr("dev").get_download_url_for_layer(**asked)["downloadUrl"]
        bundle = httpx.get(link, trust_env=False, timeout=SECONDS).json()
        return json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))["predicate"]


@pytest.fixture
def publisher(accounts: Accounts, tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(accounts, tmp_path)
    yield made
    made.remove_images()


def kinds(attached: list[dict[str, Any]]) -> Counter[str]:
    return Counter(item["annotations"]["dev.sigstore.bundle.predicateType"] for item in attached)


def test_another_machine_goes_on_wherever_a_run_is_killed(publisher: Publisher) -> None:
    publisher.die_before_signing()
    tags = publisher.tags
    assert publisher.attached() == []
    # Both statements are made at once.
    publisher.die_at("sbom")
    assert {SIGNATURE} <= set(kinds(publisher.attached())) <= {SIGNATURE, PROVENANCE}
    assert "pulling" in publisher.run("the last")
    whole = publisher.attached()
    assert kinds(whole) == {SIGNATURE: 1, SBOM: 1, PROVENANCE: 1}
    assert publisher.stated(PROVENANCE) == {"elsewhere": "True", "builder": "False"}
    again = publisher.run("another")
    assert "changed=0" in again
    assert "pulling" not in again
    assert (publisher.tags, publisher.attached()) == (tags, whole)


def test_what_somebody_pushed_under_the_tag_of_a_commit_is_not_vouched_for(publisher: Publisher) -> None:
    process = publisher.start(CLAIMS="another release")
    text, _nothing = process.communicate(timeout=SECONDS)
    assert process.returncode != 0
    assert "label org.opencontainers.image.version is 'another release'" in " ".join(text.split())
    assert len(publisher.tags) == 1
    assert publisher.attached() == []

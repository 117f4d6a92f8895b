# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry client against Debian's docker-registry."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import CredentialsError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

from tests.registries.docker_registry import BASIC_PASSWORD, BASIC_USER, DockerRegistry
from tests.registries.images import make_blob, make_image, make_index, push
from tests.registries.relay import Relay
from tests.registries.sides import Sides, descriptor, transfer_between
from tests.registries.tls import make_certificate
from tests.registries.token_server import TokenServer

ROOT = Path(__file__).resolve().parents[3]
MIB = 1 << 20
LOGIN = {"username": BASIC_USER, "password": BASIC_PASSWORD}
INDEX = make_index(
    {"linux/amd64": make_image([100, 3 * MIB + 7]), "linux/arm64": make_image([200], seed=1)},
    annotations={"a": "b"},
)


@pytest.fixture
def sides():
    made = Sides()
    yield made
    made.close()


@pytest.fixture
def source(tmp_path):
    with DockerRegistry(tmp_path / "source") as made:
        yield made


def copy_all(source, destination, folder, made=INDEX):
    """Copy an index or image with all it names, and read it back."""
    transfer = transfer_between(source, destination, folder)
    for image in (*made.children, made):
        for blob in image.blobs:
            transfer.copy_blob("a/b", descriptor(blob), "c/d", lambda _count: None)
            assert destination.registry.has_blob(Address("c/d", blob.digest), size=blob.size)
        read = source.registry.read_manifest(Address("a/b", image.digest))
        destination.registry.write_manifest(Address("c/d", image.digest), read)
    root = RawManifest(made.content, made.digest, made.media_type)
    destination.registry.write_manifest(Address("c/d", "1.0"), root)
    assert destination.registry.read_manifest(Address("c/d", "1.0")) == root
    assert destination.registry.list_tags("c/d") == ("1.0",)
    assert destination.registry.list_referrers(Address("c/d", made.digest)) is None


def test_an_image_of_two_platforms_arrives_as_it_was(sides, source, tmp_path):
    push(source.host, "a/b", INDEX, tag="1.0")
    with DockerRegistry(tmp_path / "destination") as destination:
        copy_all(sides.connect(source), sides.connect(destination), tmp_path / "state")


def test_with_a_password(sides, source, tmp_path):
    push(source.host, "a/b", INDEX, tag="1.0")
    with DockerRegistry(tmp_path / "destination", basic=True) as destination:
        copy_all(sides.connect(source), sides.connect(destination, **LOGIN), tmp_path / "state")
        for wrong in ({**LOGIN, "password": "no"}, {}):
            with pytest.raises(CredentialsError):
                sides.connect(destination, **wrong).registry.find_manifest(Address("c/d", "1.0"))


def test_with_the_login_that_a_credential_helper_of_dockers_keeps(sides, source, tmp_path, monkeypatch):
    """With basic authentication and with tokens; the helper is asked by docker's protocol."""
    push(source.host, "a/b", INDEX, tag="1.0")
    answer = json.dumps({"Username": BASIC_USER, "Secret": BASIC_PASSWORD})
    helper = tmp_path / "docker-credential-test"
    helper.write_text(f"#!/bin/sh\n[ $1 = get ] && cat >> {tmp_path}/asked && echo '{answer}'\n")
    helper.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with (
        TokenServer(tmp_path / "tokens") as tokens,
        DockerRegistry(tmp_path / "token", token=tokens) as with_tokens,
        DockerRegistry(tmp_path / "basic", basic=True) as with_password,
    ):
        for destination in (with_tokens, with_password):
            (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {destination.host: "test"}}))
            copy_all(sides.connect(source), sides.connect(destination), tmp_path / "state")
        assert (tmp_path / "asked").read_text() == with_tokens.host + with_password.host


@pytest.mark.parametrize("seconds", [60, 2])
def test_with_tokens(sides, source, tmp_path, seconds):
    push(source.host, "a/b", INDEX, tag="1.0")
    with (
        TokenServer(tmp_path / "tokens", seconds) as tokens,
        DockerRegistry(tmp_path / "destination", token=tokens) as destination,
    ):
        copy_all(sides.connect(source), sides.connect(destination, **LOGIN), tmp_path / "state")
        assert set(tokens.scopes) == {"repository:c/d:pull,push"}
        with pytest.raises(CredentialsError):
            sides.connect(destination).registry.find_manifest(Address("c/d", "1.0"))


def test_blobs_are_mounted_also_with_tokens(sides, tmp_path):
    with (
        TokenServer(tmp_path / "tokens") as tokens,
        DockerRegistry(tmp_path / "registry", token=tokens) as registry,
    ):
        token = f"Bearer {tokens.issue(['repository:a/b:pull,push'])}"
        image = make_image([1000])
        push(registry.host, "a/b", image, authorization=token)
        client = sides.connect(registry, **LOGIN).registry
        blob = Address("c/d", image.blobs[1].digest)
        assert not client.has_blob(blob, size=1000)
        assert client.mount_blob(blob, from_repository="a/b") is True
        assert client.has_blob(blob, size=1000)


def test_with_tls_of_an_authority_of_ones_own(sides, source, tmp_path):
    push(source.host, "a/b", INDEX, tag="1.0")
    certificate = make_certificate(tmp_path / "tls")
    with DockerRegistry(tmp_path / "destination", tls=certificate) as destination:
        trusted = sides.connect(destination, ca_bundle=str(certificate.ca))
        copy_all(sides.connect(source), trusted, tmp_path / "state")
        unchecked = sides.connect(destination, validate_certs=False).registry
        assert unchecked.find_manifest(Address("c/d", "1.0")) == INDEX.digest
        with pytest.raises(UnavailableError, match="is not trusted"):
            sides.connect(destination).registry.find_manifest(Address("c/d", "1.0"))
        assert sides.waits.seconds == []


class Copying:
    """A copying process."""

    def __init__(self, source, destination, blob, folder):
        words = [source.host, destination.host, blob.digest, str(blob.size), str(folder), str(MIB)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.registries.copying", *words],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / '.ansible' / 'collections'}"},
            stdout=subprocess.PIPE,
            text=True,
        )

    def until(self, count):
        """Wait until so many bytes were sent."""
        for line in self._process.stdout:
            if int(line.split()[0]) >= count:
                return
        raise AssertionError("it ended before")

    def kill(self):
        """End it as `kill -9` does."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def finish(self):
        """Wait for its end. Returns bytes sent, and where it went on."""
        out, _ = self._process.communicate(timeout=180)
        assert self._process.returncode == 0
        _done, sent, resumed = out.splitlines()[-1].split()
        return int(sent), int(resumed)


def test_a_killed_run_is_taken_up_where_the_registry_acknowledged(sides, source, tmp_path):
    blob = make_blob(20 * MIB)
    push(source.host, "a/b", make_image([20 * MIB]))
    with DockerRegistry(tmp_path / "destination") as destination, Relay(destination.host) as relay:
        # The answer to the PATCH that follows 18 MiB is held back: the run stands between two chunks.
        relay.hold_requests_after("PATCH", 18)
        first = Copying(source, relay, blob, tmp_path / "state")
        relay.wait_until_held()
        first.kill()
        relay.release()
        sent, resumed = Copying(source, relay, blob, tmp_path / "state").finish()
        assert (sent, resumed) == (2 * MIB, 18 * MIB)
        assert sides.connect(destination).registry.has_blob(Address("c/d", blob.digest), size=blob.size)
        assert list((tmp_path / "state").iterdir()) == []


def test_a_registry_that_was_restarted_still_knows_the_upload(source, tmp_path):
    blob = make_blob(6 * MIB)
    push(source.host, "a/b", make_image([6 * MIB]))
    with DockerRegistry(tmp_path / "destination") as destination, Relay(destination.host) as relay:
        relay.hold_requests_after("PATCH", 4)
        first = Copying(source, relay, blob, tmp_path / "state")
        relay.wait_until_held()
        first.kill()
        relay.release()
        destination.stop()
        destination.start()
        assert Copying(source, relay, blob, tmp_path / "state").finish() == (2 * MIB, 4 * MIB)


def test_a_cut_inside_a_chunk_costs_that_one_blob(sides, source, tmp_path):
    blob = make_blob(6 * MIB)
    push(source.host, "a/b", make_image([6 * MIB]))
    with DockerRegistry(tmp_path / "destination") as destination, Relay(destination.host) as relay:
        relay.cut_request("PATCH", number=4, after_bytes=300_000)
        made = transfer_between(sides.connect(source), sides.connect(relay), tmp_path / "state")
        done = made.copy_blob("a/b", descriptor(blob), "c/d", lambda _count: None)
        assert sides.connect(destination).registry.has_blob(Address("c/d", blob.digest), size=blob.size)
        # This registry forgets an upload that broke inside a chunk: the blob begins again.
        assert done.bytes_sent >= 9 * MIB

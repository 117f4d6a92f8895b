# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry client against the sandbox's ECR: logins, roles, repositories, layers in parts."""

import base64
import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositorySettings
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    OperationError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.blobs import OciTransfer, TransferSettings
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.ecr_layers import EcrLayers
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.state import UploadStates
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.side import (
    connect_side,
    make_transfer,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.side import RegistryOptions, check_options
from botocore.exceptions import EndpointConnectionError

from sandbox import ACCOUNTS, state
from tests.registries.faulty import FaultyRegistry
from tests.registries.images import make_blob, make_image, push
from tests.registries.sides import Sides, Waits, descriptor

ROOT = Path(__file__).resolve().parents[3]
REGION = "us-east-1"
MIB = 1 << 20


def _command(verb, name):
    return subprocess.run(
        [sys.executable, "-m", "sandbox", verb, f"--name={name}"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def endpoint():
    """The endpoint of a sandbox of the tests' own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    started = _command("up", name)
    try:
        assert started.returncode == 0, started.stderr
        yield state.read_state(state.home_of(name)).endpoint_url
    finally:
        ended = _command("down", name)
        assert ended.returncode == 0, ended.stderr


class Accounts:
    """Sides of both accounts' registries."""

    def __init__(self, endpoint):
        self.endpoint, self.calls = endpoint, []
        self.on_token = None
        self._sides = []

    def connect(self, service, overrides):
        """A boto3 client; the task's own credentials are dev's."""
        self.calls.append((service, dict(overrides)))
        client = boto3.client(
            service,
            region_name=overrides.get("region", REGION),
            endpoint_url=self.endpoint,
            aws_access_key_id=overrides.get("access_key", ACCOUNTS["dev"]),
            aws_secret_access_key=overrides.get("secret_key", "sandbox"),
            aws_session_token=overrides.get("session_token"),
        )
        if self.on_token:
            client.meta.events.register("after-call.ecr.GetAuthorizationToken", self.on_token)
        return client

    def side(self, account, **options):
        """A side with the account's own keys, unless told otherwise."""
        keys = {"access_key": ACCOUNTS[account], "secret_key": "sandbox"}
        host = f"{ACCOUNTS[account]}.dkr.ecr.{REGION}.amazonaws.com"
        checked = check_options("source", RegistryOptions(host, **{**keys, **options}))
        self._sides.append(connect_side(checked, self.connect, Waits(), writes=True))
        return self._sides[-1]

    def repository(self, account, **settings):
        """A new repository's name."""
        name = f"team/{uuid.uuid4().hex[:8]}"
        client = self.connect("ecr", {"access_key": ACCOUNTS[account]})
        client.create_repository(repositoryName=name, **settings)
        return name

    def close(self):
        for item in self._sides:
            item.close()


@pytest.fixture
def accounts(endpoint):
    made = Accounts(endpoint)
    yield made
    made.close()


@pytest.fixture
def plain():
    """A plain registry to copy from, with its side."""
    sides = Sides()
    with FaultyRegistry() as registry:
        yield registry, sides.connect(registry, writes=False)
        sides.close()


def nothing(_count):
    """What is not looked at."""


def test_an_image_goes_from_one_account_to_the_other(accounts, plain, tmp_path):
    image = make_image([1000, 3 * MIB])
    dev, prod = accounts.side("dev"), accounts.side("prod")
    names = [accounts.repository("dev"), accounts.repository("prod")]
    push(plain[0].host, "a/b", image)
    raw = RawManifest(image.content, image.digest, image.media_type)
    steps = [(plain[1], "a/b", dev, names[0]), (dev, names[0], prod, names[1])]
    for source, source_name, destination, name in steps:
        made = make_transfer(source, destination, warn=print, chunk_bytes=MIB, state_directory=str(tmp_path))
        for blob in image.blobs:
            made.copy_blob(source_name, descriptor(blob), name, nothing)
            assert destination.registry.has_blob(Address(name, blob.digest), size=blob.size)
        destination.registry.write_manifest(Address(name, "1.0"), raw)
        assert destination.registry.read_manifest(Address(name, "1.0")) == raw
    assert (prod.account, prod.region, prod.registry.host) == (
        ACCOUNTS["prod"],
        REGION,
        f"{ACCOUNTS['prod']}.dkr.ecr.{REGION}.amazonaws.com",
    )
    assert prod.registry.list_referrers(Address(names[1], image.digest)) == ()
    assert prod.registry.list_tags(names[1]) == ("1.0",)
    # Gates judge ages by it.
    told = prod.registry.now()
    assert told
    assert all(abs(time - datetime.now(UTC)) < timedelta(minutes=5) for time in (told.earliest, told.latest))


def test_a_blob_is_mounted_within_an_account(accounts, plain, tmp_path):
    dev, first, second = accounts.side("dev"), accounts.repository("dev"), accounts.repository("dev")
    blob = make_blob(1000)
    plain[0].push_blob("a/b", b"".join(blob.pieces()))
    made = make_transfer(plain[1], dev, warn=print, state_directory=str(tmp_path))
    made.copy_blob("a/b", descriptor(blob), first, nothing)
    # ECR mounts only in accounts that asked for it; elsewhere the blob is uploaded.
    assert dev.registry.mount_blob(Address(second, blob.digest), from_repository=first) is False
    dev.client("ecr").put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    assert dev.registry.mount_blob(Address(second, blob.digest), from_repository=first) is True
    assert dev.registry.has_blob(Address(second, blob.digest), size=blob.size)


def test_a_password_that_expired_is_asked_for_again(accounts):
    name = accounts.repository("dev")
    given = []

    def expire_the_first(parsed, **_others):
        data = parsed["authorizationData"][0]
        if not given:
            data["authorizationToken"] = base64.b64encode(b"AWS:expired").decode()
        given.append(data["authorizationToken"])

    accounts.on_token = expire_the_first
    assert accounts.side("dev").registry.find_manifest(Address(name, "1.0")) is None
    assert len(given) == 2


def test_a_login_of_the_wrong_account_is_refused(accounts):
    foreign = accounts.side("prod", access_key=ACCOUNTS["dev"])
    with pytest.raises(CredentialsError):
        foreign.registry.read_manifest(Address(accounts.repository("prod"), "1.0"))


def test_a_role_of_the_other_account_is_assumed(accounts):
    name = accounts.repository("prod")
    iam = accounts.connect("iam", {"access_key": ACCOUNTS["prod"]})
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=f"r{uuid.uuid4().hex[:8]}", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    accounts.calls.clear()
    prod = accounts.side("prod", access_key="", secret_key="", role_arn=role["Arn"])
    assert prod.registry.read_manifest(Address(name, "1.0")) is None
    assert prod.repositories.describe_repository(name).exists
    assert [service for service, _overrides in accounts.calls] == ["sts", "ecr"]
    assert (
        f"assumed-role/{role['RoleName']}/fastbreak-image-promotion"
        in (prod.client("sts").get_caller_identity()["Arn"])
    )


def test_what_ecr_says_of_repositories(accounts):
    prod = accounts.side("prod")
    filters = [{"filterType": "WILDCARD", "filter": "*.sig"}]
    tags = {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": filters}
    plain, filtered = accounts.repository("prod"), accounts.repository("prod", **tags)
    seen = prod.repositories.describe_repository(plain)
    assert seen == RepositorySettings(exists=True, uri=f"{seen.uri.partition('/')[0]}/{plain}")
    assert prod.repositories.describe_repository("no/such") == RepositorySettings(exists=False)
    seen = prod.repositories.describe_repository(filtered)
    assert (seen.exists, seen.immutable, seen.mutable_tags) == (True, True, ("*.sig",))


def test_an_immutable_tag_does_not_move(accounts, plain, tmp_path):
    prod, name = accounts.side("prod"), accounts.repository("prod", imageTagMutability="IMMUTABLE")
    made = make_transfer(plain[1], prod, warn=print, state_directory=str(tmp_path))
    raws = []
    for seed in (1, 2):
        image = make_image([10], seed=seed)
        push(plain[0].host, "a/b", image)
        for blob in image.blobs:
            made.copy_blob("a/b", descriptor(blob), name, nothing)
        raws.append(RawManifest(image.content, image.digest, image.media_type))
    prod.registry.write_manifest(Address(name, "1.0"), raws[0])
    prod.registry.write_manifest(Address(name, "1.0"), raws[0])
    with pytest.raises(OperationError) as raised:
        prod.registry.write_manifest(Address(name, "1.0"), raws[1])
    assert raised.value.details["refusal"] == "immutable"


def test_a_repository_that_does_not_exist_says_so(accounts, plain, tmp_path):
    blob = make_blob(1000)
    plain[0].push_blob("a/b", b"".join(blob.pieces()))
    made = make_transfer(plain[1], accounts.side("prod"), warn=print, state_directory=str(tmp_path))
    with pytest.raises(OperationError, match="no/such"):
        made.copy_blob("a/b", descriptor(blob), "no/such", nothing)


class Parts:
    """Copies to prod's ECR in parts of 5 MiB, whatever the size."""

    def __init__(self, accounts, source, folder):
        self.folder, self._source, self._side = folder, source, accounts.side("prod")
        self.repository = accounts.repository("prod")
        self.client = accounts.connect("ecr", {"access_key": ACCOUNTS["prod"]})
        self.sent = []
        self.client.meta.events.register("before-send.ecr.UploadLayerPart", self._sending)
        self.fail_after = None

    def _sending(self, request, **_more):
        if self.fail_after is not None and len(self.sent) >= self.fail_after:
            raise EndpointConnectionError(endpoint_url="here")
        document = json.loads(request.body.read())
        request.body.seek(0)
        self.sent.append((document["partFirstByte"], document["partLastByte"]))

    def copy(self, blob):
        """Copy a blob, as a new run does."""
        layers = EcrLayers(lambda: self.client, ACCOUNTS["prod"], parts_from_bytes=1)
        states = UploadStates(self.folder, print, Waits())
        pair = (self._source.registry.http, self._side.registry.http)
        made = OciTransfer(*pair, states, TransferSettings(chunk_bytes=MIB), layers=layers)
        return made.copy_blob("a/b", descriptor(blob), self.repository, nothing)

    def has(self, blob):
        return self._side.registry.has_blob(Address(self.repository, blob.digest), size=blob.size)

    def interrupted(self, blob, parts):
        """Let a copy end after so many parts."""
        self.fail_after = parts
        with pytest.raises(UnavailableError):
            self.copy(blob)
        self.fail_after = None
        self.sent.clear()
        (saved,) = self.folder.glob("*.json")
        return saved


@pytest.fixture
def blob(plain):
    made = make_blob(12 * MIB)
    plain[0].push_blob("a/b", b"".join(made.pieces()))
    return made


@pytest.fixture
def parts(accounts, plain, tmp_path):
    return Parts(accounts, plain[1], tmp_path / "state")


def test_a_layer_goes_in_parts(parts, blob):
    done = parts.copy(blob)
    assert parts.has(blob)
    assert parts.sent == [(0, 5 * MIB - 1), (5 * MIB, 10 * MIB - 1), (10 * MIB, 12 * MIB - 1)]
    assert (done.bytes_sent, done.resumed_at) == (12 * MIB, 0)
    assert list(parts.folder.iterdir()) == []


def test_a_layer_that_exists_is_no_failure(parts, blob):
    parts.copy(blob)
    parts.copy(blob)
    assert parts.has(blob)


def test_parts_that_ecr_has_are_not_sent_again(parts, blob):
    parts.interrupted(blob, 2)
    done = parts.copy(blob)
    assert parts.has(blob)
    assert parts.sent == [(10 * MIB, 12 * MIB - 1)]
    assert (done.bytes_sent, done.resumed_at) == (2 * MIB, 10 * MIB)


def test_ecr_says_where_to_go_on_when_the_state_is_behind(parts, blob):
    saved = parts.interrupted(blob, 2)
    document = json.loads(saved.read_text())
    saved.write_text(json.dumps({**document, "offset": 5 * MIB}))
    parts.copy(blob)
    assert parts.has(blob)
    assert parts.sent == [(5 * MIB, 10 * MIB - 1), (10 * MIB, 12 * MIB - 1)]


def test_an_upload_that_ecr_forgot_begins_again(parts, blob):
    saved = parts.interrupted(blob, 2)
    document = json.loads(saved.read_text())
    saved.write_text(json.dumps({**document, "upload": f"ecr-layer-upload:{uuid.uuid4()}"}))
    done = parts.copy(blob)
    assert parts.has(blob)
    assert done.resumed_at == 0


def test_wrong_bytes_are_never_completed(parts, blob, plain):
    wrong = bytearray(b"".join(blob.pieces()))
    wrong[7] ^= 1
    plain[0].store.blobs["a/b", blob.digest] = bytes(wrong)
    with pytest.raises(OperationError, match="other bytes than its manifest names"):
        parts.copy(blob)
    assert not parts.has(blob)
    assert list(parts.folder.iterdir()) == []

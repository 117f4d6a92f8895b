#!/usr/bin/python
# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_promotion
short_description: Promote container images from one registry to another, by digest, byte for byte
version_added: 0.1.0
description:
  - Copies images from one registry to another. The identity of an image is its digest, and manifests are copied byte
    for byte, so the digest never changes.
  - An index is copied with the images of all its platforms. An image is copied with its attachments, which are
    signatures, SBOMs and attestations, found by the referrers API or by their tags.
  - Gates judge every image before anything is written. All of them fail closed.
  - Blobs are written first, then the manifests of platforms, indexes and attachments. All of it is read back and
    compared, and the tag is written last. Whenever a run ends, no tag points to an incomplete image.
  - A tag that exists with the same digest is left as it is. A tag that exists with another digest is never moved.
  - With O(sign) it signs what it promoted, as C(cosign sign) does, so that the gate C(signature) of the next stage can
    demand it.
  - Blobs stream from one registry to the other in constant memory, several at once. Blobs that the destination has are
    not sent; an interrupted upload resumes where the destination acknowledged it.
  - Works with every registry that speaks the OCI distribution API; no Docker engine is needed. ECR registries are
    recognized by their host, across accounts and regions.
  - The action plugin of the same name does the work in the controller and shows the progress while it works.
options:
  repository:
    description: Name of the repository at the source.
    type: str
  tag:
    description: Tag at the source. If O(digest) is given too, the tag must name that digest. It must be text, as in
      C("1.10").
    type: str
  digest:
    description: Digest of the image, or of the index of its platforms. If given, it must not be empty.
    type: str
  destination_repository:
    description: Name of the repository at the destination. Not given, O(repository).
    type: str
  destination_tag:
    description: Tag at the destination. Not given, O(tag); without that either, the image has no tag there, only its
      digest.
    type: str
  tags:
    description:
      - All tags that the image gets at the destination, in place of O(destination_tag). Each must be text.
      - They are written once all content is there. If any of them exists with another digest, none is written.
      - The result and the record have an entry for each.
    type: list
    elements: str
  platforms:
    description:
      - Platforms to promote, as C(os/architecture[/variant]). Not given, all.
      - A subset of an index is a new index with another digest, so it is refused without O(allow_digest_change).
    type: list
    elements: str
  images:
    description:
      - Images to promote together. All gates of all images come first; if one refuses, nothing at all is written.
    type: list
    elements: dict
    suboptions:
      repository:
        description: As O(repository).
        type: str
        required: true
      tag:
        description: As O(tag).
        type: str
      digest:
        description: As O(digest).
        type: str
      destination_repository:
        description: As O(destination_repository).
        type: str
      destination_tag:
        description: As O(destination_tag).
        type: str
      tags:
        description: As O(tags).
        type: list
        elements: str
      platforms:
        description: As O(platforms).
        type: list
        elements: str
  promotion_file:
    description:
      - A YAML file with the single key C(images), a list like O(images). Every value in it must be text, so write a tag
        C(1.10) in quotes.
    type: path
  gates:
    description:
      - What an image must prove. A gate that is not given is off; without any gate, nothing is judged.
      - No gate and no value in a gate may be null or an empty text; that does not switch a gate off.
      - A gate in mode V(required) stops the promotion of all images unless it passes; a gate in mode V(warn) is only
        reported and recorded. What could not be measured never passes.
      - An image that is at the destination under its tag and recorded is not judged again.
    type: dict
    suboptions:
      vulnerabilities:
        description:
          - ECR's scan of the image at the source, basic or enhanced. For an index, the image of each platform is
            judged. The gate fails if there is no scan.
        type: dict
        suboptions:
          mode:
            description: What follows when it does not pass.
            type: str
            choices: [required, warn, 'off']
            default: required
          maximum:
            description:
              - Findings of each severity that may remain, at most 10000. A severity that is not named may have any
                number.
              - Severities are C(CRITICAL), C(HIGH), C(MEDIUM), C(LOW), C(INFORMATIONAL), C(UNTRIAGED) and C(UNDEFINED).
            type: dict
            default: {CRITICAL: 0, HIGH: 0}
          allow:
            description: Findings that are accepted, each with a reason and an expiry date.
            type: list
            elements: dict
            default: []
            suboptions:
              vulnerability:
                description: Its id, such as C(CVE-2026-12345).
                type: str
                required: true
              package:
                description: Accept it only in this package. Not given, in all packages. It must not be empty.
                type: str
              reason:
                description: Why it is accepted.
                type: str
                required: true
              expires:
                description: The last day (UTC) on which it is accepted, as C(YYYY-MM-DD).
                type: str
                required: true
          wait_seconds:
            description: How long to wait for a scan in progress, at most a day.
            type: float
            default: 600
      signature:
        description:
          - A signature, or an attestation, that is attached to the image and is valid for its digest.
        type: dict
        suboptions:
          mode:
            description: What follows when it does not pass.
            type: str
            choices: [required, warn, 'off']
            default: required
          public_key:
            description: Text of the signer's public key (PEM).
            type: str
          identity:
            description: Identity in the signer's certificate, for keyless signatures.
            type: str
          issuer:
            description: Issuer of that identity, such as C(https://token.actions.githubusercontent.com).
            type: str
          trusted_root:
            description: Text of a Sigstore C(trusted_root.json). Not given, that of the public good instance.
            type: str
          predicate_type:
            description: Predicate type of the attestation that is required. Not given, a signature of the image is
              required.
            type: str
      age:
        description: How long ago the image was built, as its configuration says.
        type: dict
        suboptions:
          mode:
            description: What follows when it does not pass.
            type: str
            choices: [required, warn, 'off']
            default: required
          minimum_hours:
            description: Minimum age, in hours. At least a minute (unless there is a maximum), and at most ten years
              (87600).
            type: float
          maximum_hours:
            description: Maximum age, in hours. At most ten years (87600).
            type: float
      labels:
        description: Labels of the image.
        type: dict
        suboptions:
          mode:
            description: What follows when it does not pass.
            type: str
            choices: [required, warn, 'off']
            default: required
          required:
            description: Labels that must exist, with their required value; an empty text accepts any value.
            type: dict
            default: {}
          revision_is_tag:
            description:
              - Whether C(org.opencontainers.image.revision) must be the commit that the tag C(<semver>-<commit>) names.
            type: bool
            default: true
  attachments:
    description:
      - What to do about attachments, which are signatures, SBOMs and attestations. V(required) fails when the
        destination refuses an attachment, before the tag is written, and when the source does not answer what is
        attached; V(warn) reports both; V(off) does not look for attachments.
    type: str
    choices: [required, warn, 'off']
    default: required
  allow_digest_change:
    description: Whether O(platforms) may select a subset of an index.
    type: bool
    default: false
  attest:
    description:
      - Whether an in-toto statement about the promotion is attached to the image at the destination. It says from
        where, by whom, from which commit, and what the gates saw.
    type: bool
    default: true
  sign:
    description:
      - Signs every image at the destination by its digest (for several platforms, by the digest of the index). Not
        given, nothing is signed. If given, it must not be empty, and no image gets a tag before it is signed.
      - The signature is a Sigstore bundle that refers to the image, as cosign 3 writes and verifies it. An image that
        already has a signature by the same key or identity is not signed again.
      - Key, passphrase and token are never shown, recorded or sent anywhere, except that the token is sent to the
        certificate authority.
    type: dict
    suboptions:
      private_key:
        description:
          - Text of a private key in PEM form (PKCS 8, or as openssl wrote it before), encrypted or not. ECDSA on P-256,
            P-384 or P-521, RSA of at least 2048 bits, or Ed25519.
          - Needs the Python library C(cryptography).
        type: str
      private_key_file:
        description: The same in a file on the machine that runs Ansible, in place of O(sign.private_key).
        type: path
      passphrase:
        description: Passphrase of an encrypted private key.
        type: str
      identity:
        description:
          - Identity for keyless signing, in place of a private key, exactly as the certificate names it. The token and
            the certificate are compared with it before anything is signed.
          - Needs the Python library C(sigstore), and access to the certificate authority and the transparency log.
        type: str
      issuer:
        description:
          - Issuer of O(sign.identity), such as C(https://token.actions.githubusercontent.com), as the certificate names
            it. For a token of Sigstore's own log-in it is the provider behind that, C(https://github.com/login/oauth)
            or
            C(https://accounts.google.com).
        type: str
      token:
        description:
          - Token of the identity for the audience C(sigstore). Required if there is anything to sign.
          - Not given, and without O(sign.token_file), the environment variable E(SIGSTORE_ID_TOKEN).
        type: str
      token_file:
        description: A file with the token, on the machine that runs Ansible. It is read again right before signing.
        type: path
      signing_config:
        description:
          - Text of a Sigstore C(signing_config.json), which names the certificate authority (Fulcio), the transparency
            log (Rekor) and the timestamp authorities to ask. Needs O(sign.trusted_root).
          - Not given, that of the public good instance, as C(sigstore) brings it.
        type: str
      trusted_root:
        description: Text of the C(trusted_root.json) that goes with O(sign.signing_config).
        type: str
  predicates:
    description:
      - Statements to attach to the image at the destination, such as an SBOM or its provenance, as in-toto
        attestations. With O(sign) they are signed in the same way, otherwise by nobody.
      - An image that already has a statement of that type, by the same key or identity, gets no other.
      - They are about a single image; it gets no tag before they are attached. If given, it must not be empty.
    type: list
    elements: dict
    suboptions:
      type:
        description: Predicate type, a URI such as C(https://slsa.dev/provenance/v1).
        type: str
        required: true
      command:
        description:
          - The command that prints the predicate, a JSON object, on standard output; no shell is involved. It runs on
            the machine that runs Ansible, and only if the statement is missing. Not in check mode.
          - Its variable E(IMAGE_CONFIG_DIGEST) holds the digest of the image's configuration, which is the image's id
            in an engine of Docker's classic store; empty for an index.
        type: list
        elements: str
        required: true
  service:
    description: Name of the service, for the record. Needs O(release_table).
    type: str
  release_table:
    description:
      - Name of the DynamoDB table that keeps the release record, where M(fastbreak.aws.image_promotion_info) and
        M(fastbreak.aws.ecs_rollout) read it. It is accessed with the task's own credentials.
    type: str
  concurrency:
    description: How many blobs are copied, and how many requests are in flight, at once.
    type: int
    default: 16
  chunk_bytes:
    description: Size of the chunks that large blobs are sent in. An interrupted upload resumes from its last chunk.
    type: int
    default: 33554432
  state_directory:
    description:
      - Folder for the state that resumes an interrupted upload, which is addresses and offsets, never content.
      - Not given, C(fastbreak/uploads) in C($XDG_STATE_HOME) or in C(~/.local/state).
    type: path
  request_timeout_seconds:
    description: >-
      How long a registry may take for the head of a response, and for each 256 KiB of a body in either direction. A
      slower request is cut off and retried a few times. At most a day.
    type: float
    default: 60
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - fastbreak.aws.registry.source
  - fastbreak.aws.registry.destination
  - fastbreak.aws.attributes
attributes:
  check_mode:
    support: full
    details: Reads both registries and measures all gates, so check mode refuses what a run would refuse. Writes
      nothing.
  diff_mode:
    support: full
  idempotent:
    support: full
  action:
    support: full
    details: A relative O(promotion_file) is searched for where Ansible searches for files.
seealso:
  - module: fastbreak.aws.image_promotion_info
  - module: fastbreak.aws.ecs_rollout
author:
  - The Fastbreak maintainers (@fastbreak-sports)
"""

EXAMPLES = r"""
- name: Promote a release from the development account to the production account
  fastbreak.aws.image_promotion:
    source:
      registry: 111111111111.dkr.ecr.us-east-1.amazonaws.com
    destination:
      registry: 222222222222.dkr.ecr.us-east-1.amazonaws.com
    repository: fastbreak/inference
    tag: 1.4.2-1f0e3dad99908345f7439f8ffabdffc4f2b1c3a7
    service: inference
    release_table: fastbreak-prod-releases
    gates:
      vulnerabilities:
        maximum: {CRITICAL: 0, HIGH: 0}
        allow:
          - vulnerability: CVE-2026-12345
            package: libexample
            reason: The service never calls the function; the fix is due with Debian 13.4.
            expires: '2026-12-31'
      signature:
        identity: https://github.com/fastbreak-sports/fastbreak/.github/workflows/release.yml@refs/heads/main
        issuer: https://token.actions.githubusercontent.com
      labels: {}

- name: Promote with a role on each side
  fastbreak.aws.image_promotion:
    source:
      registry: 111111111111.dkr.ecr.us-east-1.amazonaws.com
      role_arn: arn:aws:iam::111111111111:role/image-reader
    destination:
      registry: 222222222222.dkr.ecr.eu-west-1.amazonaws.com
      role_arn: arn:aws:iam::222222222222:role/image-writer
    repository: fastbreak/inference
    digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    destination_tag: blessed-2026-11

- name: Promote, and sign with a key
  fastbreak.aws.image_promotion:
    source:
      registry: registry.build.example.com
    destination:
      registry: registry.example.com
    repository: team/app
    tag: "2.10.3"
    sign:
      private_key_file: /etc/release/release.key
      passphrase: "{{ release_passphrase }}"

- name: Sign in place, as a workflow of GitHub
  fastbreak.aws.image_promotion:
    source:
      registry: registry.build.example.com
    destination:
      registry: registry.build.example.com
    repository: team/app
    digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    attest: false
    sign:
      identity: https://github.com/fastbreak-sports/fastbreak/.github/workflows/release.yml@refs/heads/main
      issuer: https://token.actions.githubusercontent.com

- name: Promote under several tags
  fastbreak.aws.image_promotion:
    source:
      registry: registry.build.example.com
    destination:
      registry: registry.example.com
    repository: team/app
    digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    tags: ["2.10.3", stable-2026-11]

- name: Promote what Git says, between two registries of another kind
  fastbreak.aws.image_promotion:
    source:
      registry: registry.build.example.com
    destination:
      registry: registry.example.com:5000
      username: promoter
      password: "{{ registry_password }}"
    promotion_file: promotions/november.yml
"""

RETURN = r"""
images:
  description: What became of each image, in the order they were named.
  type: list
  elements: dict
  returned: success
  contains:
    source:
      description: The image at the source.
      type: str
    destination:
      description: The image at the destination.
      type: str
    digest:
      description: Its digest, on both sides.
      type: str
    tag:
      description: Its tag at the destination, or an empty text.
      type: str
    blobs_copied:
      description: Blobs that were copied.
      type: int
    blobs_mounted:
      description: Blobs that the destination took from another repository of its own.
      type: int
    blobs_present:
      description: Blobs that were there.
      type: int
    bytes_copied:
      description: Bytes that were sent.
      type: int
    bytes_resumed:
      description: Bytes that an earlier run had sent and that were not sent again.
      type: int
    changed:
      description: Whether anything was written for it.
      type: bool
    manifests:
      description: Digests of the manifests that were written, in their order.
      type: list
      elements: str
    attachments:
      description: Signatures, SBOMs and attestations, with C(kind), C(digest), C(subject) and C(tag).
      type: list
      elements: dict
    gates:
      description: What each gate saw, with C(gate), C(mode), C(verdict), C(seen), C(expected) and C(subject).
      type: list
      elements: dict
    attestation:
      description: Digest of the attestation of the promotion, or an empty text.
      type: str
    signed:
      description: Whether it was signed by this task; in check mode, whether it would be.
      type: bool
    signature:
      description:
        - Digest of the manifest of a signature by the key or identity in O(sign), or an empty text. In check mode it is
          empty if the signature does not exist yet.
      type: str
    predicates:
      description: Types of the statements that this task attached; in check mode, of those it would.
      type: list
      elements: str
    warnings:
      description: Problems that were allowed and did not stop the promotion.
      type: list
      elements: str
    seconds:
      description: How long it took.
      type: float
problems:
  description: Everything that is wrong with the options.
  type: list
  elements: str
  returned: when the options are invalid
"""

import contextlib

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.identity import Sts
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.module import run_module
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Entry
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.scans import EcrScans, NoScans
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.file import read_promotion_file
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.predicate_commands import (
    PredicateCommands,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.side import (
    SideSettings,
    connect_side,
    make_transfer,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.signer import open_signer
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.table import gates_spec
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.predicate_options import predicate_spec
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import as_data
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.request import build_request, named_images
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.run import promote
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.side import (
    check_options,
    read_side,
    side_secrets,
    side_spec,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.sign_options import (
    read_sign,
    sign_secrets,
    sign_spec,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion_table import (
    PromotionsClient,
    UnrecordedPromotions,
    local_user,
)

#: Conditions across options, for AnsibleModule as for an action plugin.
CROSS_CHECKS = {
    "mutually_exclusive": [("repository", "images", "promotion_file")],
    "required_one_of": [("repository", "images", "promotion_file")],
    "required_together": [("service", "release_table")],
    "required_by": dict.fromkeys(
        ("tag", "digest", "destination_repository", "destination_tag", "tags", "platforms"), ("repository",)
    ),
}


def build_argument_spec():
    """The options, without those of every AWS module."""
    return {
        "source": {"type": "dict", "required": True, "options": side_spec()},
        "destination": {"type": "dict", "required": True, "options": side_spec()},
        **image_spec(),
        "images": {"type": "list", "elements": "dict", "options": entry_spec()},
        "promotion_file": {"type": "path"},
        "gates": {"type": "dict", "options": gates_spec()},
        "attachments": {"type": "str", "choices": ["required", "warn", "off"], "default": "required"},
        "allow_digest_change": {"type": "bool", "default": False},
        "attest": {"type": "bool", "default": True},
        "sign": {"type": "dict", "options": sign_spec()},
        "predicates": {"type": "list", "elements": "dict", "options": predicate_spec()},
        "service": {"type": "str"},
        "release_table": {"type": "str"},
        "concurrency": {"type": "int", "default": 16},
        "chunk_bytes": {"type": "int", "default": 32 << 20},
        "state_directory": {"type": "path"},
        "request_timeout_seconds": {"type": "float", "default": 60},
    }


def image_spec():
    """The options that name one image."""
    names = ("repository", "tag", "digest", "destination_repository", "destination_tag")
    lists = ("tags", "platforms")
    return {
        **{name: {"type": "str"} for name in names},
        **{name: {"type": "list", "elements": "str"} for name in lists},
    }


def entry_spec():
    """The options of one image among many."""
    return {**image_spec(), "repository": {"type": "str", "required": True}}


def build_images(params):
    """The images that the options name, or that the promotion file does."""
    if params["promotion_file"]:
        return read_promotion_file(params["promotion_file"], entry_spec())
    return named_images(params)


@contextlib.contextmanager
def open_ports(params, context):
    """The only place where clients are made."""
    connect = context.connect
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(contextlib.closing(_open_side("source", params, context)))
        destination = stack.enter_context(contextlib.closing(_open_side("destination", params, context)))
        yield Ports(
            source=source.registry,
            destination=destination.registry,
            transfer=make_transfer(
                source,
                destination,
                warn=context.progress.say,
                chunk_bytes=params["chunk_bytes"],
                state_directory=params["state_directory"] or "",
            ),
            destination_repositories=destination.repositories,
            scans=_build_scans(source, params),
            promotions=_build_promotions(params, connect, destination),
            predicates=PredicateCommands(context.progress.say),
            clock=context.clock,
            progress=context.progress,
        )


def _open_side(name, params, context):
    settings = SideSettings(
        request_timeout_seconds=params["request_timeout_seconds"], concurrency=params["concurrency"]
    )
    options = check_options(name, read_side(params[name]))
    return connect_side(options, context.connect, context.clock, writes=name == "destination", settings=settings)


def _build_scans(source, params):
    if not source.account:
        return NoScans(params["source"]["registry"])
    return EcrScans(lambda: source.client("ecr"), source.account)


def _build_promotions(params, connect, destination):
    """The table is the task's own; who promoted is whoever the destination knows."""
    sts = Sts(lambda: destination.client("sts"))
    caller = (lambda: sts.get_caller_identity().arn) if destination.account else local_user
    if not params["release_table"]:
        return UnrecordedPromotions(caller)
    return PromotionsClient(lambda: connect("dynamodb"), params["release_table"], caller)


def perform(params, context):
    """Do it and return the module's result."""
    request = build_request(params, build_images(params))
    signer = open_signer(read_sign(params["sign"])) if request.sign else None
    try:
        with open_ports(params, context) as ports:
            data = as_data(promote(request, ports, check_mode=context.check_mode, signer=signer))
    except KeyboardInterrupt as interruption:
        raise OperationError(
            "The promotion was interrupted. No tag was written on anything that is not complete. Run it again to go "
            "on: what the destination has is not sent again."
        ) from interruption
    warnings = [warning for image in data["images"] for warning in image["warnings"]]
    return {**data, **({"warnings": warnings} if warnings else {})}


def find_secrets(options):
    """The secrets among the task's options."""
    return [*side_secrets(options), *sign_secrets(options.get("sign"))]


#: Options that protect, or that pin what is promoted: given, they must not be empty.
PROTECTING = (
    *(f"{side}.{name}" for side in ("source", "destination") for name in ("auth", "validate_certs", "ca_bundle")),
    *("digest", "tags", "platforms", "images.digest", "images.tags", "images.platforms"),
    *("gates", "attachments", "allow_digest_change", "attest", "sign", "predicates", "service", "release_table"),
)
TEXTS = (
    *("tag", "digest", "destination_tag", "tags", "repository", "destination_repository", "service", "release_table"),
    "predicates.command",
)

ENTRY = Entry(
    build_argument_spec(),
    perform,
    CROSS_CHECKS,
    files=("promotion_file", "sign.private_key_file", "sign.token_file"),
    secrets=find_secrets,
    protecting=PROTECTING,
    texts=TEXTS,
    aws_optional=True,
)


def main():
    run_module(ENTRY)


if __name__ == "__main__":
    main()

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An issuer that stands for GitHub's, and an account that trusts it."""

from __future__ import annotations

import http.server
import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PROVIDER = "token.actions.githubusercontent.com"
REPOSITORY = "repo:fastbreak-sports/fastbreak"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY_ID = "of-the-test"
OF_IAM = {
    "Environment": "dev",
    "ServiceName": "inference",
    "RepositoryName": "fastbreak/inference",
    "DeployerSubjects": f"{REPOSITORY}:environment:dev",
    "PlannerSubjects": f"{REPOSITORY}:environment:plan-dev",
    "DeployedBy": "github",
    "CiUser": "false",
    **dict.fromkeys(("PermissionsBoundaryArn", "TrustedPrincipalArns", "PromoterSubjects", "CiSubjects"), ""),
    "PromotionSourceRepositoryArn": "",
}
"""Parameters of component iam, with whom the workflows act as."""


class Issuer(http.server.BaseHTTPRequestHandler):
    """GitHub's endpoint for tokens: whoever has the request token gets one for the audience.

    `workflow` is the file at its branch that the job is of, which a signature names.
    """

    subject = ""
    workflow = ""

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "bearer of-the-job"
        now = int(time.time())
        audience = self.path.partition("audience=")[2]
        claims = {"iss": f"https://{PROVIDER}", "aud": audience, "sub": self.subject, "iat": now, "exp": now + 300}
        of_job = {"job_workflow_ref": self.workflow} if self.workflow else {}
        token = jwt.encode({**claims, **of_job}, KEY, algorithm="RS256", headers={"kid": KEY_ID})
        answer = json.dumps({"value": token}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def issuer() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/?x=1"
        server.shutdown()


def client(sandbox: Any, service: str, account: str = "dev") -> Any:
    return boto3.client(
        service,
        region_name=sandbox.region,
        endpoint_url=sandbox.endpoint_url,
        aws_access_key_id=sandbox.accounts[account],
        aws_secret_access_key="sandbox",
    )


def trust(sandbox: Any, account: str = "dev") -> None:
    """Have the account know the provider, and the sandbox its key."""
    client(sandbox, "iam", account).create_open_id_connect_provider(
        Url=f"https://{PROVIDER}", ClientIDList=["sts.amazonaws.com"]
    )
    publish_key(sandbox)


def publish_key(sandbox: Any) -> None:
    """Have the sandbox know the provider's key, as AWS and Sigstore read it of the provider."""
    public = {**jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": KEY_ID}
    keys = {"url": f"https://{PROVIDER}", "keys": [public]}
    assert httpx.post(f"{sandbox.endpoint_url}/_sandbox/iam/provider-keys", json=keys).status_code == 200


def template(component: str) -> str:
    return (ROOT / "roles" / component / "files" / "stack.yaml").read_text(encoding="utf-8")


def stack(sandbox: Any, component: str, body: str, parameters: dict[str, str], account: str = "dev") -> dict[str, str]:
    """Make a component's stack; its outputs."""
    api, name = client(sandbox, "cloudformation", account), f"fastbreak-dev-{component}"
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    api.create_stack(
        StackName=name, TemplateBody=body, Parameters=given, Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    )
    api.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    made = api.describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}

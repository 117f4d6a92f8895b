# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Certificates that clients can verify: issued, imported, served by listeners, renewed in place."""

import re
import socket
import ssl
import uuid
from datetime import UTC, datetime

import httpx
import pytest
import yaml
from botocore.exceptions import ClientError, WaiterError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import state
from sandbox.authority import Authority, authority_path
from tests.sandbox.conftest import ROOT

UNKNOWN = "arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-4000-8000-000000000000"


@pytest.fixture
def acm(sandbox):
    return sandbox.client("acm")


@pytest.fixture
def trusting(sandbox):
    """A client's context that trusts the sandbox's authority and nobody else."""
    return ssl.create_default_context(cafile=str(authority_path(state.home_of(sandbox.name))))


def request(acm, *names):
    return acm.request_certificate(DomainName=names[0], SubjectAlternativeNames=list(names))["CertificateArn"]


def serve(balancer, arn, port=8443, policy="ELBSecurityPolicy-TLS13-1-2-2021-06"):
    return balancer.listen(port, "HTTPS", Certificates=[{"CertificateArn": arn}], SslPolicy=policy)


def presented(balancer, context, name=None, port=8443):
    """The names of the certificate that a client gets, which it verifies; and the protocol's version."""
    with (
        socket.create_connection((balancer.address, port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=name or balancer.address) as connection,
    ):
        held = connection.getpeercert()["subjectAltName"]
        return {value for kind, value in held if kind == "DNS"}, connection.version()


def test_a_listener_serves_the_certificate_and_clients_verify_it(acm, balancer, trusting):
    serve(balancer, request(acm, "app.example", "*.app.example"))
    answer = httpx.get(f"https://{balancer.address}:8443/", verify=trusting)
    assert (answer.status_code, answer.text) == (503, "no release yet")
    assert presented(balancer, trusting, "x.app.example")[0] == {"app.example", "*.app.example"}
    with pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for 'other.example'"):
        presented(balancer, trusting, "other.example")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"unable to get local issuer|self-signed"):
        presented(balancer, ssl.create_default_context())


def test_another_certificate_is_served_at_once_and_no_connection_is_refused(acm, balancer, trusting):
    listener = serve(balancer, request(acm, "first.example"))
    with httpx.Client(verify=trusting, base_url=f"https://{balancer.address}:8443") as client:
        assert client.get("/").status_code == 503
        newer = [{"CertificateArn": request(acm, "second.example")}]
        balancer.api.modify_listener(ListenerArn=listener, Certificates=newer)
        # The connection that stands is not ended by it.
        assert client.get("/").status_code == 503
    assert presented(balancer, trusting)[0] == {"second.example"}
    described = balancer.api.describe_listeners(ListenerArns=[listener])["Listeners"][0]
    assert described["Certificates"] == newer


@pytest.mark.parametrize(
    ("policy", "accepted"),
    [("ELBSecurityPolicy-TLS13-1-2-2021-06", "TLSv1.2"), ("ELBSecurityPolicy-TLS13-1-3-2021-06", None)],
)
def test_a_policy_sets_the_oldest_protocol(acm, balancer, trusting, policy, accepted):
    serve(balancer, request(acm, "app.example"), policy=policy)
    assert presented(balancer, trusting)[1] == "TLSv1.3"
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    if accepted:
        assert presented(balancer, trusting)[1] == accepted
    else:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            presented(balancer, trusting)


def test_a_listener_goes_from_http_to_https_and_back_with_its_rules(acm, balancer, trusting):
    fixed = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "rule"}
    balancer.rule({"Type": "fixed-response", "FixedResponseConfig": fixed})
    certificates = [{"CertificateArn": request(acm, "app.example")}]
    balancer.api.modify_listener(ListenerArn=balancer.listener, Protocol="HTTPS", Certificates=certificates)
    assert httpx.get(f"https://{balancer.address}:80/", verify=trusting).text == "rule"
    balancer.api.modify_listener(ListenerArn=balancer.listener, Protocol="HTTP")
    assert balancer.get().text == "rule"


def test_what_a_listener_needs_is_refused_before_it_is_made(acm, balancer):
    with pytest.raises(ClientError, match="A certificate must be specified"):
        balancer.listen(8443, "HTTPS")
    with pytest.raises(ClientError, match="CertificateNotFound"):
        serve(balancer, UNKNOWN)
    with pytest.raises(ClientError, match="ValidationException"):
        request(acm, "127.0.0.1")


def test_a_certificate_says_what_is_in_it_and_is_kept_while_it_is_used(acm, balancer):
    arn = request(acm, "app.example")
    serve(balancer, arn)
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    held = x509.load_pem_x509_certificate(acm.get_certificate(CertificateArn=arn)["Certificate"].encode())
    assert told["Status"] == "ISSUED"
    assert told["InUseBy"] == [balancer.arn]
    assert told["NotAfter"] == held.not_valid_after_utc.replace(microsecond=0)
    assert int(told["Serial"].replace(":", ""), 16) == held.serial_number
    assert told["Issuer"] == "CN=Fastbreak sandbox"
    with pytest.raises(ClientError, match="ResourceInUseException"):
        acm.delete_certificate(CertificateArn=arn)


def test_a_certificate_of_another_authority_is_served_as_it_was_imported(acm, balancer, tmp_path):
    authority = Authority.of(tmp_path)
    issued = authority.issue(["own.example"], [balancer.address])
    parts = {"Certificate": issued.certificate, "PrivateKey": issued.key, "CertificateChain": authority.certificate}
    arn = acm.import_certificate(**parts)["CertificateArn"]
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainName"] == "own.example"
    serve(balancer, arn)
    context = ssl.create_default_context(cafile=str(authority_path(tmp_path)))
    assert presented(balancer, context)[0] == {"own.example"}
    again = authority.issue(["newer.example"], [balancer.address])
    acm.import_certificate(**{**parts, "Certificate": again.certificate, "PrivateKey": again.key}, CertificateArn=arn)
    assert presented(balancer, context)[0] == {"newer.example"}
    with pytest.raises(ClientError, match="do not match"):
        acm.import_certificate(**{**parts, "PrivateKey": again.key})


def test_any_certificate_with_its_key_is_taken(acm):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rsa.example")])
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = built.not_valid_before(moment).not_valid_after(moment.replace(year=2046)).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    arn = acm.import_certificate(Certificate=certificate.public_bytes(serialization.Encoding.PEM), PrivateKey=private)[
        "CertificateArn"
    ]
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (told["DomainName"], told["KeyAlgorithm"], told["Type"]) == ("rsa.example", "RSA_2048", "IMPORTED")


def test_each_account_has_the_certificate_that_its_inventory_names(sandbox):
    inventory = yaml.safe_load((ROOT / "inventories/prod/group_vars/all/10_environment.yml").read_text())
    told = sandbox.client("acm", "prod").describe_certificate(CertificateArn=inventory["ecs_certificate_arn"])
    assert told["Certificate"]["DomainName"] == "prod.fastbreak.example"
    assert len(sandbox.client("acm").list_certificates()["CertificateSummaryList"]) >= 1


def test_stacks_make_https_listeners_and_refuse_an_unknown_certificate(acm, sandbox, balancer, trusting):
    arn = request(acm, "app.example")
    cloudformation = sandbox.client("cloudformation")
    name = f"tls-{uuid.uuid4().hex[:8]}"

    def body(certificate):
        action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "stack"}}
        properties = {"LoadBalancerArn": balancer.arn, "Port": 8443, "Protocol": "HTTPS", "DefaultActions": [action]}
        properties["Certificates"] = [{"CertificateArn": certificate}]
        kind = "AWS::ElasticLoadBalancingV2::Listener"
        return yaml.safe_dump({"Resources": {"Listener": {"Type": kind, "Properties": properties}}})

    cloudformation.create_stack(StackName=name, TemplateBody=body(arn))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert httpx.get(f"https://{balancer.address}:8443/", verify=trusting).text == "stack"
    cloudformation.update_stack(StackName=name, TemplateBody=body(UNKNOWN))
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    assert any(re.search("Certificate .* not found", event.get("ResourceStatusReason", "")) for event in events)
    assert httpx.get(f"https://{balancer.address}:8443/", verify=trusting).text == "stack"
    cloudformation.delete_stack(StackName=name)


def test_a_stack_makes_a_certificate_like_a_request_does(acm, stack):
    def resources(*names):
        properties = {"DomainName": names[0], "SubjectAlternativeNames": list(names), "ValidationMethod": "DNS"}
        return {"Mine": {"Type": "AWS::CertificateManager::Certificate", "Properties": properties}}

    def described():
        return acm.describe_certificate(CertificateArn=stack.physical_id("Mine"))["Certificate"]

    assert stack.create(resources("a.example", "b.example")) == "CREATE_COMPLETE", stack.reasons()
    first = described()
    assert (first["Status"], first["SubjectAlternativeNames"]) == ("ISSUED", ["a.example", "b.example"])
    assert stack.update(resources("c.example")) == "UPDATE_COMPLETE", stack.reasons()
    assert described()["Serial"] != first["Serial"]
    text = acm.get_certificate(CertificateArn=described()["CertificateArn"])["Certificate"]
    held = x509.load_pem_x509_certificate(text.encode()).extensions
    names = held.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert names == ["c.example"]

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a certificate's record of MiniStack holds, made real: issued by the authority, or as it was imported."""

import datetime as dt
import threading
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from sandbox.authority import Authority
from sandbox.ministack import acm, arns, responses
from sandbox.services.elbv2.model.certificates import Served

Record = dict[str, Any]
_IMPORTED = "IMPORTED"
_USAGES = ("digital_signature", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
_EXTENDED_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "TLS_WEB_SERVER_AUTHENTICATION",
    ExtendedKeyUsageOID.CLIENT_AUTH: "TLS_WEB_CLIENT_AUTHENTICATION",
}


class Store:
    """Certificates of all accounts."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._served: dict[tuple[str, str, str], Served] = {}
        self._lock = threading.Lock()

    def issue_first(self, account: str, region: str, name: str) -> None:
        """Have an account hold a certificate for `name` from the start, under the ARN that `first_arn` says."""
        with responses.request_scope(account, region):
            arn = first_arn(account, region)
            now = responses.now_iso()
            acm._certificates[arn] = {
                "CertificateArn": arn,
                "DomainName": name,
                "SubjectAlternativeNames": [name],
                "Status": "ISSUED",
                "Type": "AMAZON_ISSUED",
                "CreatedAt": now,
                "IssuedAt": now,
                "DomainValidationOptions": [],
                "Tags": [],
                "Options": {},
            }
            self.fill_in(acm._certificates[arn])

    def fill_in(self, record: Record) -> None:
        """Issue the certificate that the record asks for."""
        issued = self._authority.issue(record["SubjectAlternativeNames"])
        record.update(_pem_body=issued.certificate, _pem_chain=self._authority.certificate, _private_key=issued.key)
        record.update(_validity(parsed(record)))

    def served(self, arn: str, address: str) -> Served | None:
        """What a listener at `address` serves for a certificate; None when there is no such certificate.

        What the authority issues is reissued with the listener's address beside its names, since load balancers have
        addresses here where AWS gives them names. What was imported is served as it is.
        """
        parts = arns.parse_arn(arn)
        record: Record | None = acm._certificates.get_scoped(parts.account_id, parts.region, arn)
        if record is None:
            return None
        key = arn, address, record["_pem_body"]
        with self._lock:
            if key not in self._served:
                self._served[key] = self._made(record, address)
            return self._served[key]

    def _made(self, record: Record, address: str) -> Served:
        names = tuple(record["SubjectAlternativeNames"])
        if record["Type"] == _IMPORTED:
            return Served(names, f"{record['_pem_body'].strip()}\n{record['_pem_chain']}", record["_private_key"])
        issued = self._authority.issue(names, [address])
        return Served(names, issued.certificate + record["_pem_chain"], issued.key)

    def forget(self) -> None:
        """Forget what was served."""
        with self._lock:
            self._served.clear()


def first_arn(account: str, region: str) -> str:
    """The certificate that one of the sandbox's accounts holds from the start; its UUID repeats the account's digit."""
    digit = account[0]
    return f"arn:aws:acm:{region}:{account}:certificate/{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}"


def parsed(record: Record) -> x509.Certificate:
    """The record's certificate."""
    return x509.load_pem_x509_certificate(record["_pem_body"].encode())


def imported_problem(body: str, private_key: str) -> str:
    """Why a certificate cannot be imported with its key; empty when it can."""
    try:
        certificate = x509.load_pem_x509_certificate(body.encode())
    except ValueError:
        return "The certificate field contains more than one certificate, or what is not a certificate."
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except (TypeError, ValueError):
        return "The private key is not supported."
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        return "The certificate and private key do not match."
    return ""


def take_names(record: Record) -> None:
    """Have an imported certificate's record say what is in the certificate."""
    certificate = parsed(record)
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = extension.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    common = [str(item.value) for item in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    listed = list(dict.fromkeys([*common, *names]))
    record.update(DomainName=next(iter(listed), ""), SubjectAlternativeNames=listed, **_validity(certificate))


def description(record: Record) -> Record:
    """What DescribeCertificate tells of the certificate itself."""
    certificate = parsed(record)
    key = certificate.public_key()
    kinds = {"secp256r1": "EC_prime256v1", "secp384r1": "EC_secp384r1", "secp521r1": "EC_secp521r1"}
    algorithm = ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        algorithm = kinds.get(key.curve.name, key.curve.name)
    elif isinstance(key, rsa.RSAPublicKey):
        algorithm = f"RSA_{key.key_size}"
    serial = f"{certificate.serial_number:x}"
    padded = serial if len(serial) % 2 == 0 else f"0{serial}"
    return {
        "Serial": ":".join(padded[at : at + 2] for at in range(0, len(padded), 2)),
        "Subject": certificate.subject.rfc4514_string(),
        "Issuer": certificate.issuer.rfc4514_string(),
        "KeyAlgorithm": algorithm,
        "KeyUsages": [{"Name": name.upper()} for name in _USAGES if _usage_of(certificate, name)],
        "ExtendedKeyUsages": [
            {"Name": _EXTENDED_USAGES.get(each, "CUSTOM"), "OID": each.dotted_string} for each in _purposes(certificate)
        ],
        "Options": {"CertificateTransparencyLoggingPreference": "ENABLED", **record.get("Options", {})},
    }


def _usage_of(certificate: x509.Certificate, name: str) -> bool:
    try:
        return bool(getattr(certificate.extensions.get_extension_for_class(x509.KeyUsage).value, name))
    except x509.ExtensionNotFound:
        return False


def _purposes(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return []


def _validity(certificate: x509.Certificate) -> dict[str, str]:
    return {
        "NotBefore": _iso(certificate.not_valid_before_utc),
        "NotAfter": _iso(certificate.not_valid_after_utc),
    }


def _iso(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

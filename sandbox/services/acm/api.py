# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Actions that MiniStack answers with placeholders: request, import, describe, delete, and certificates of stacks."""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.ministack import acm, provisioners, responses
from sandbox.services.acm import model
from sandbox.services.elbv2.model import records

Data = Mapping[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Data], Answer]

# API model, DomainNameString; no IP address is one.
_LABEL = r"(?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9]"
_DOMAIN = re.compile(rf"(\*\.)?(({_LABEL})\.)+((?!-)[A-Za-z0-9-]{{1,62}}[A-Za-z0-9])")


def install(store: model.Store) -> None:
    """Put the answers of this module around MiniStack's."""
    acm._request_certificate = functools.partial(_request, store, acm._request_certificate)
    acm._import_certificate = functools.partial(_import, acm._import_certificate)
    acm._delete_certificate = functools.partial(_delete, acm._delete_certificate)
    acm._cert_shape = functools.partial(_shape, acm._cert_shape)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CertificateManager::Certificate"]
    handlers.update({name: _issuing(store, handlers[name]) for name in ("create", "update")})


def _issuing(store: model.Store, apply: Callable[..., Any]) -> Callable[..., Any]:
    """Issue the certificate that a stack has made, of which the first argument of an update is the former one."""

    def applied(former: str, *rest: Any) -> Any:
        arn, attributes = apply(former, *rest)
        if arn != former:
            store.fill_in(acm._certificates[arn])
        return arn, attributes

    return applied


def _request(store: model.Store, handler: Handler, data: Data) -> Answer:
    names = [data.get("DomainName", ""), *(data.get("SubjectAlternativeNames") or [])]
    for name in names:
        if not _DOMAIN.fullmatch(str(name)):
            return _refused("ValidationException", f"Value '{name}' failed to satisfy constraint: {_DOMAIN.pattern}")
    before = set(acm._certificates)
    answer = handler(data)
    for arn in set(acm._certificates) - before:
        store.fill_in(acm._certificates[arn])
    return answer


def _import(handler: Handler, data: Data) -> Answer:
    body, key = (acm._decode_pem_field(data.get(field)) for field in ("Certificate", "PrivateKey"))
    if key and (problem := model.imported_problem(body, key)):
        return _refused("ValidationException", problem)
    before = set(acm._certificates)
    answer = handler(data)
    new = set(acm._certificates) - before
    arn = data.get("CertificateArn") or next(iter(new), "")
    if arn in acm._certificates:
        model.take_names(acm._certificates[arn])
    return answer


def _delete(handler: Handler, data: Data) -> Answer:
    arn = str(data.get("CertificateArn", ""))
    if arn in acm._certificates and _used_by(arn):
        account = responses.get_account_id()
        return _refused("ResourceInUseException", f"Certificate {arn} in account {account} is in use.")
    return handler(data)


def _shape(original: Callable[[Data], dict[str, Any]], record: dict[str, Any]) -> dict[str, Any]:
    shape = {**original(record), **model.description(record)}
    users = [*shape.get("InUseBy", []), *_used_by(record["CertificateArn"])]
    renews = bool(users) and shape["Type"] == "AMAZON_ISSUED"
    return {**shape, "InUseBy": users, "RenewalEligibility": "ELIGIBLE" if renews else "INELIGIBLE"}


def _used_by(arn: str) -> list[str]:
    """The load balancers with a listener that serves the certificate."""
    owners = (one["LoadBalancerArn"] for one in records.listeners() if arn in one.get("Certificates", []))
    return list(dict.fromkeys(owners))


def _refused(code: str, message: str) -> Answer:
    answer: Answer = responses.error_response_json(code, message, 400)
    return answer

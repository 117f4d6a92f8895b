# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs by an identity, through `sigstore`: a certificate for minutes, and an entry in a transparency log.

The library is imported when the first image is signed or its token is looked at, since that takes about a second.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._errors import RequestError, UnavailableError
from ..._oci.remote.answers import clean
from ..certificate_names import may_name, possible_identities, possible_issuers
from ..certificate_policy import CertificatePolicy
from ..sign_options import TOKEN_VARIABLE, SignedBy
from .sigstore_library import SigstoreLibrary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..sign_options import SigningOptions

_LIMIT_BYTES = 1 << 16
#: For a certificate, an entry in the log, which may wait for its inclusion, and a timestamp.
_SECONDS = 90.0


class IdentitySigner:
    """An identity of an issuer. Raises `RequestError` when the library or the configuration cannot be used.

    The token is not needed where all is signed. It is read again when the first image is signed, since copying may take
    longer than a token is valid, and its file may have been renewed. All images of a run have one certificate. Safe to
    call from many threads.
    """

    def __init__(self, options: SigningOptions) -> None:
        self.signed_by = SignedBy(identity=options.identity, issuer=options.issuer, trusted_root=options.trusted_root)
        self._options = options
        self._lock = threading.Lock()
        self._signer: Any = None
        try:
            self._library = SigstoreLibrary()
        except ImportError as error:
            raise RequestError(
                "Tried to sign by an identity, but the Python library sigstore is not installed for the Python that "
                f"runs this module ({error}). Nothing was changed. Install it: pip install sigstore."
            ) from error
        self._context: Any = self._open()

    def check(self) -> None:
        """Raise RequestError when its token cannot be used now, or will not give the certificate that is wanted."""
        self._token()

    def foretell(self, _statement: bytes) -> bytes:
        """Nothing: each certificate has a key of its own."""
        return b""

    def sign(self, statement: bytes) -> bytes:
        """The Sigstore bundle of a signature of the in-toto *statement*.

        Raises `UnavailableError` when the authority or the log does not answer, or does not take the token.
        """
        with self._lock:
            return self._within_time(lambda: self._sign(statement))

    def _sign(self, statement: bytes) -> bytes:
        if self._signer is None:
            signer = self._library.signer(self._context, self._token()[1])
            self._check_certificate(self._library.certificate(signer))
            self._signer = signer
        return self._library.sign(self._signer, statement)

    def _open(self) -> Any:
        given, root = self._options.signing_config, self._options.trusted_root
        try:
            return self._library.context(given, root)
        # The library says in many ways that it cannot use one.
        except Exception as error:
            what = "sign.signing_config with sign.trusted_root" if given else "the configuration that sigstore brings"
            raise RequestError(
                f"Tried to read {what}, but it cannot be used ({type(error).__name__}: {str(error)[:200]}). Nothing "
                "was changed. Give the content of a signing_config.json and of a trusted_root.json, such as `cosign "
                "signing-config create` and `cosign trusted-root create` write. The ones that are built in need a "
                "writable home directory."
            ) from error

    def _token(self) -> tuple[str, Any]:
        """The token's text, and what the library makes of it. Raises RequestError when it cannot be used."""
        place, text = self._find_token()
        if not text:
            raise RequestError(
                f"Tried to sign as {self._options.identity}, but {place} holds no token. Nothing was signed. Give "
                f"the token that {self._options.issuer} issued, for the audience sigstore, as sign.token, "
                f"sign.token_file or in the variable {TOKEN_VARIABLE}."
            )
        try:
            token = self._library.token(text)
        except Exception as error:
            cause = error.__cause__
            said = str(error) if cause is None else f"{error}: {cause}"
            raise RequestError(
                f"Tried to sign as {self._options.identity}, but the token in {place} cannot be used "
                f"({_without(text, said)}). Nothing was signed. Get a new one from "
                f"{self._options.issuer}, for the audience sigstore, right before the run."
            ) from error
        self._check_claims(place, self._library.claims(text))
        return text, token

    def _check_claims(self, place: str, claims: Mapping[str, Any]) -> None:
        """Raise RequestError unless the token will give a certificate by which the signature is found again."""
        options, known_by = self._options, possible_issuers(claims, own_instance=bool(self._options.signing_config))
        wrong = ""
        if options.issuer not in known_by:
            wrong = f"the issuer {_shown(known_by)}, and sign.issuer is {options.issuer}"
        elif not may_name(claims, options.identity):
            wrong = f"the identity {_shown(possible_identities(claims))}, and sign.identity is {options.identity}"
        if wrong:
            raise RequestError(
                f"Tried to sign as {options.identity}, but a certificate for the token in {place} will name {wrong}. "
                "Nothing was signed. Correct sign, or give the token of whom it names."
            )

    def _check_certificate(self, certificate: Any) -> None:
        """Raise RequestError unless it is the certificate that is wanted, before anything is logged by it."""
        options = self._options
        try:
            CertificatePolicy(options.identity, options.issuer).verify(certificate)
        except Exception as error:
            raise RequestError(
                f"Tried to sign as {options.identity} (issuer {options.issuer}), but the authority's certificate is "
                f"not for that ({str(error)[:300]}). Nothing was signed, and nothing was logged. Correct sign: what it "
                "names has to be what the certificate says."
            ) from error

    def _find_token(self) -> tuple[str, str]:
        """Where the token is to be, and its text."""
        options = self._options
        if options.token:
            return "sign.token", options.token.strip()
        if not options.token_file:
            return f"the variable {TOKEN_VARIABLE}", os.environ.get(TOKEN_VARIABLE, "").strip()
        place = f"sign.token_file ({options.token_file})"
        try:
            with Path(options.token_file).open("rb") as file:
                return place, file.read(_LIMIT_BYTES).decode(errors="replace").strip()
        except OSError as error:
            raise RequestError(
                f"Tried to read the token to sign with from {place}, but {error.strerror or error}. Nothing was "
                "signed. It has to be a file on the machine that runs Ansible."
            ) from error

    def _within_time(self, work: Callable[[], bytes]) -> bytes:
        """*work*, which asks others without a limit of its own, ended from here after a while."""
        answers: list[bytes] = []
        failures: list[Exception] = []

        def run() -> None:
            try:
                answers.append(work())
            except Exception as error:  # noqa: BLE001 - raised below, where it is waited for
                failures.append(error)

        thread = threading.Thread(target=run, name="signing", daemon=True)
        thread.start()
        thread.join(_SECONDS)
        if answers:
            return answers[0]
        failure = failures[0] if failures else TimeoutError(f"no answer within {_SECONDS:.0f} s")
        if isinstance(failure, RequestError):
            raise failure
        raise UnavailableError(
            f"Tried to sign as {self._options.identity}, but the certificate authority or the transparency log did "
            f"not do its part ({type(failure).__name__}: {self._shown(failure)}). Run again to sign: what is "
            "copied is not sent again. If the token had expired, get a new one right before."
        ) from failure

    def _shown(self, failure: Exception) -> str:
        causes = f"{failure} {failure.__cause__ or ''}".strip()
        return _without(self._find_token()[1], causes)[:300]


def _shown(names: tuple[str, ...]) -> str:
    """Names out of a token, which anybody may have written."""
    return " or ".join(map(clean, names)) or "of nobody"


def _without(secret: str, text: str) -> str:
    return text.replace(secret, "***") if secret else text

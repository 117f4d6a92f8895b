# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""People of teams, with their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    import httpx

    from support.issuer import Issuer
    from support.service import Service


class Staff:
    """Somebody who talks to the service."""

    def __init__(self, service: Service, issuer: Issuer, sub: str, team: str = "hawks", role: str = "reviewer") -> None:
        self._http = service.http
        self._headers = {"authorization": f"Bearer {issuer.token(sub=sub, team=team, roles=[role])}"}

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        return self._http.request(method, path, headers={**self._headers, **(headers or {})}, **more)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self._http.get(path, params=params, headers=self._headers)

    def send(self, video: bytes, filename: str = "", **headers: str) -> httpx.Response:
        named = {"x-fastbreak-filename": quote(filename, safe="")}
        headers = {**self._headers, "content-type": "video/mp4", **named, **headers}
        return self._http.post("/v1/analyses", content=video, headers=headers)

    def erase(self, analysis: str) -> httpx.Response:
        return self._http.delete(f"/v1/analyses/{analysis}", headers=self._headers)

    def erase_person(self, analysis: str, person: int, footage: str) -> httpx.Response:
        path = f"/v1/analyses/{analysis}/persons/{person}"
        return self._http.delete(path, headers=self._headers, params={"footage": footage})

    def say(self, analysis: str, finding: int, seen: int | None, verdict: str, **more: Any) -> httpx.Response:
        """Review a finding, whose newest review is the version that was seen."""
        headers = {} if seen is None else {"if-match": f'"{seen}"'}
        path = f"/v1/analyses/{analysis}/findings/{finding}/reviews"
        return self._http.post(path, json={"verdict": verdict, **more}, headers={**self._headers, **headers})

    def correct(self, analysis: str, seen: int | None, **said: Any) -> httpx.Response:
        """Say who is who in an analysis, of which the newest correction is the version that was seen."""
        headers = {} if seen is None else {"if-match": f'"{seen}"'}
        path = f"/v1/analyses/{analysis}/corrections"
        return self._http.post(path, json=said, headers={**self._headers, **headers})

    def listed(self, analysis: str, **params: Any) -> dict[str, Any] | None:
        found = self.get("/v1/analyses", limit=100, **params).json()["analyses"]
        return next((one for one in found if one["id"] == analysis), None)


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]

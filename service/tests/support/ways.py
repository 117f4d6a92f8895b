# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What comes of a file through the command line and through the API, and what of that nobody may see."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from fastbreak_service.errors import Rejection
from support.service import Service, command

if TYPE_CHECKING:
    from support.mutants import Mutant

GOOD = "analysed"
CODES = {code.value for code in Rejection}
# Names that no file can have, and a body that is not there.
_REFUSED = {"bad_parameter", "empty_body", "payload_too_large"}
HANGS_SECONDS = 180
"""A file of a few frames that takes longer hangs, also on a busy machine."""
MOST_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a file: the code of its rejection, or `GOOD`. `problem`: what must not be, empty if nothing."""

    code: str
    problem: str = ""
    peak_bytes: int = 0


def by_command(mutant: Mutant, folder: Path) -> Ending:
    """What `fastbreak-service analyze` says."""
    path = folder / (re.sub(r"[/\0]", "_", mutant.name).strip(". ")[:200] or "a.mp4")
    path.write_bytes(mutant.content)
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        process = subprocess.Popen(
            command("analyze", "--json", "--", path.name), cwd=folder, stdout=said, stderr=complained
        )
        status, used = _wait(process)
        said.seek(0)
        complained.seek(0)
        result, complaint = said.read().decode(), complained.read().decode(errors="replace")
    path.unlink()
    return Ending(*_read(status, result, complaint, used.ru_maxrss * 1024), used.ru_maxrss * 1024)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    deadline = time.monotonic() + HANGS_SECONDS
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, used
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            return 124, resource.getrusage(resource.RUSAGE_CHILDREN)
        time.sleep(0.02)


def _read(status: int, result: str, complaint: str, peak: int) -> tuple[str, str]:
    if peak > MOST_BYTES:
        return "", f"{peak >> 20} MiB of memory"
    if status == 0:
        json.loads(result)
        return GOOD, ""
    found = re.search(r"\[([a-z_]+)\]\s*$", complaint)
    code = found[1] if found else ""
    if status != 1 or code not in CODES or "Traceback" in complaint:
        return code, f"exit code {status}: {complaint.strip()[-300:]}"
    return code, ""


def by_api(service: Service, mutant: Mutant) -> Ending:
    """What the service says, at once or in the end."""
    name = mutant.name
    try:
        answer = service.http.post(
            "/v1/analyses", content=mutant.content, params={"filename": name}, timeout=HANGS_SECONDS
        )
        while answer.status_code in {429, 503} and answer.headers.get("retry-after"):
            time.sleep(0.5)
            answer = service.http.post("/v1/analyses", content=mutant.content, params={"filename": name})
    except httpx.TransportError as error:
        return Ending("", f"no answer: {error!r}")
    if answer.status_code != 202:
        code = answer.json()["error"]["code"]
        if not 400 <= answer.status_code < 500 or code not in CODES | _REFUSED:
            return Ending(code, f"answered {answer.status_code}: {answer.text[:300]}")
        return Ending(code)
    seen = service.wait_for(answer.json()["id"], seconds=HANGS_SECONDS)
    if seen["status"] == "succeeded":
        return Ending(GOOD)
    code = seen["error"]["code"]
    return Ending(code, "" if code in CODES else f"failed: {seen['error']}")


def faults(service: Service) -> list[str]:
    """What its log tells that must not be: processes that died, errors that nobody foresaw; and too much memory."""
    wrong = {"probe failed", "probe took too long", "unhandled error"}
    found = [json.dumps(line) for line in service.logged() if line["event"] in wrong or "exception" in line]
    assert service.process is not None
    for pid in {service.process.pid, service.worker_pid()}:
        peak = _peak(pid)
        if peak > MOST_BYTES:
            found.append(f"process {pid} had {peak >> 20} MiB of memory")
    started = sum(line["event"] == "worker started" for line in service.logged())
    return [*found, *([f"the worker was started {started} times"] if started != 1 else [])]


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0

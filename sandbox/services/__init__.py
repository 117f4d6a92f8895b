# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The emulated services: what MiniStack lacks or answers differently from AWS, a folder for each.

A service is a subpackage, listed in `SERVICES`, with these parts as it needs them, each a module or a package:

* `model`: state, values and decisions. It imports no other part.
* `runtime`: what works by itself: containers, sockets, loops. It imports `model`.
* `api`: the handlers of the service's actions. It imports `runtime` and `model`.
* `cloudformation`: its resource types and how they are found to have drifted, in a constant `RESOURCES`.

The package itself has

    def install(sandbox: Sandbox) -> None: ...

The server imports and installs the services in the order of `SERVICES` before it serves its first request. `install`
patches MiniStack in-process and hangs its hooks on the `Sandbox` it is handed. `sandbox.host` is the whole interface:

    from sandbox.host import Sandbox
    from sandbox.ministack import ecr             # MiniStack's module; declare the names you touch there

    def install(sandbox: Sandbox) -> None:
        ecr._ACTION_MAP["DescribeImages"] = ...    # 1. replace or wrap a handler
        teach(cloudformation.RESOURCES)            # 2. what stacks can make of it
        sandbox.on_reset(_forget_everything)       # 3. state of our own goes at `reset` (a worker thread calls it)
        sandbox.on_startup(_listen)                # 4. async, on the server's loop, before `up` reports success
        sandbox.on_shutdown(_close)                #    async, on the server's loop
        sandbox.background("scan", _scan_forever)  # 5. an async loop; logged and started again when it raises

`SANDBOX_SERVICES=ecr,elbv2 python -m sandbox up` installs only those, to work on a service while another is in pieces.

Rules
* `install` does no I/O and does not depend on another service being installed: reach others at call time.
* MiniStack's stores are scoped by account (and region). Outside a request pin both:
  `with request_scope(account, region): ...` (from `sandbox.ministack.responses`).
* Handlers run on the server's loop: block it and everything stands still. Docker calls belong in `asyncio.to_thread`.
* Containers: any Docker client made in the server's process is confined (see `sandbox.confinement`): names, labels and
  network are given to you. The network is `sandbox.network.name`; its host side is `sandbox.network.gateway`.
* Waits that AWS counts in seconds go through `sandbox.scaled(seconds)`, so contract tests need not wait as long.
* Rows in your section of `sandbox/FIDELITY.md`, and contract tests in `tests/sandbox/services/<name>/`.
"""

from typing import Final

SERVICES: Final = (
    "acm",
    "application_autoscaling",
    "appsync",
    "backup",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "elbv2",
    "iam",
    "kms",
    "logs",
    "oidc",
    "rds",
    "s3",
    "secretsmanager",
    "servicequotas",
    "sigstore",
    "sns",
    "sqs",
    "wafv2",
)

# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""MiniStack's stores of load balancers and listeners, made to tell the data plane what changes.

Records are written by API handlers and by CloudFormation's provisioners alike, each in its own way; the store is where
both meet. A load balancer gets its loopback address when it is stored, a listener is bound when it is stored.
"""

from collections.abc import Callable
from typing import Any

from sandbox.ministack import responses

Record = dict[str, Any]
_Store: Any = responses.AccountRegionScopedDict


class RefusedError(Exception):
    """AWS's (or the machine's) reason not to make something: an error code and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LoadBalancers(_Store):  # type: ignore[misc]
    """Gives each load balancer that is stored its address."""

    __slots__ = ("_address",)

    def __init__(self, address: Callable[[Record, set[str]], str]) -> None:
        super().__init__()
        self._address = address

    def __setitem__(self, arn: str, record: Record) -> None:
        taken = {other["DNSName"] for other in self.to_dict().values() if other is not record}
        record["DNSName"] = self._address(record, taken)
        super().__setitem__(arn, record)


class Listeners(_Store):  # type: ignore[misc]
    """Binds a listener when it is stored, releases it when it goes."""

    __slots__ = ("sync",)

    def __init__(self, sync: Callable[[], None]) -> None:
        super().__init__()
        self.sync = sync

    def __setitem__(self, arn: str, record: Record) -> None:
        self.refuse_duplicate(arn, record["LoadBalancerArn"], int(record["Port"]))
        super().__setitem__(arn, record)
        self.bind(lambda: self.pop(arn, None), int(record["Port"]))

    def pop(self, key: str, *default: Any) -> Any:
        """Remove and release."""
        found = super().pop(key, *default)
        self.sync()
        return found

    def clear(self) -> None:
        """Remove and release all."""
        super().clear()
        self.sync()

    def refuse_duplicate(self, arn: str, load_balancer: str, port: int) -> None:
        """Refused when another listener of the load balancer has the port."""
        for other_arn, other in self.items():
            if other_arn != arn and (other["LoadBalancerArn"], int(other["Port"])) == (load_balancer, port):
                raise RefusedError("DuplicateListener", "A listener with the specified port already exists")

    def bind(self, undo: Callable[[], object], port: int) -> None:
        """Make the sockets fit the records; when that fails, `undo` the change and raise Refused."""
        try:
            self.sync()
        except OSError as error:
            undo()
            raise RefusedError(
                "InvalidConfigurationRequest",
                f"the sandbox cannot listen on port {port} of the load balancer's address ({error.strerror}): "
                "stop the program that holds it, or allow low ports (see sandbox/README.md)",
            ) from error

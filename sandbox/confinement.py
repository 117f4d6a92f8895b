# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Makes every container, volume and network that this process starts recognisably the sandbox's own.

MiniStack names its containers after account and region alone, puts them on Docker's default network and publishes
database ports on all interfaces. Two sandboxes on one engine would remove each other's databases, so the Docker client
is given, in this process only: names that carry the sandbox's, its labels, its network, and loopback-only ports.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from docker.models.containers import ContainerCollection
from docker.models.networks import NetworkCollection
from docker.models.volumes import VolumeCollection

from sandbox.engine import Network, labels

Rename = Callable[[str], str]


def confine(name: str, home: Path, network: Network) -> None:
    """Patch the Docker client of this process; call once, before MiniStack makes its first client."""
    own_labels = labels(name, home)

    def own_name(given: str) -> str:
        return f"fastbreak-{name}-{given.removeprefix('ministack-')}" if given.startswith("ministack-") else given

    _confine_containers(own_name, own_labels, network)
    _confine_volumes(own_name, own_labels)
    _confine_networks(own_labels)


def _confine_containers(own_name: Rename, own_labels: dict[str, str], network: Network) -> None:
    create, get = ContainerCollection.create, ContainerCollection.get

    def container_create(self: ContainerCollection, image: Any, command: Any = None, **options: Any) -> Any:
        options["labels"] = {**(options.get("labels") or {}), **own_labels}
        if options.get("name"):
            options["name"] = own_name(options["name"])
        if not options.get("network") and not options.get("network_mode"):
            options["network"] = network.name
        options["ports"] = _loopback_ports(options)
        options["extra_hosts"] = _gateway_hosts(options.get("extra_hosts"), network.gateway)
        if isinstance(options.get("volumes"), dict):
            options["volumes"] = {
                _own_volume(self, source, own_name): mount for source, mount in options["volumes"].items()
            }
        return create(self, image, command, **options)

    _patch(
        ContainerCollection, create=container_create, get=lambda self, container_id: get(self, own_name(container_id))
    )


def _own_volume(containers: ContainerCollection, source: str, own_name: Rename) -> str:
    if source.startswith("/"):
        return source
    return str(containers.client.volumes.create(source).name) if own_name(source) != source else source


def _confine_volumes(own_name: Rename, own_labels: dict[str, str]) -> None:
    create, get = VolumeCollection.create, VolumeCollection.get

    def volume_create(self: VolumeCollection, name: str | None = None, **options: Any) -> Any:
        options["labels"] = {**(options.get("labels") or {}), **own_labels}
        return create(self, own_name(name) if name else name, **options)

    _patch(VolumeCollection, create=volume_create, get=lambda self, volume_id: get(self, own_name(volume_id)))


def _confine_networks(own_labels: dict[str, str]) -> None:
    create = NetworkCollection.create

    def network_create(self: NetworkCollection, name: str, *args: Any, **options: Any) -> Any:
        options["labels"] = {**(options.get("labels") or {}), **own_labels}
        return create(self, name, *args, **options)

    _patch(NetworkCollection, create=network_create)


def _patch(owner: type, **methods: Callable[..., Any]) -> None:
    for name, method in methods.items():
        setattr(owner, name, method)


def _loopback_ports(options: dict[str, Any]) -> dict[str, Any] | None:
    """Published ports on loopback only; none for a database, which is reached at its own address and port."""
    ports = options.get("ports")
    if not ports or options["labels"].get("ministack") == "rds":
        return None
    return {inner: ("127.0.0.1", outer) if isinstance(outer, int) else outer for inner, outer in ports.items()}


def _gateway_hosts(extra_hosts: Any, gateway: str) -> Any:
    """`host-gateway` is the default bridge's address; the server listens on the sandbox network's."""
    if not isinstance(extra_hosts, dict):
        return extra_hosts
    return {host: gateway if address == "host-gateway" else address for host, address in extra_hosts.items()}

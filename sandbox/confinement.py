# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Makes every container, volume and network that this process starts recognisably the sandbox's own.

MiniStack names its containers after account and region alone, puts them on Docker's default network and publishes
database ports on all interfaces. Two sandboxes on one engine would remove each other's databases, so the Docker client
is given, in this process only: names that carry the sandbox's, its labels, its network, and loopback-only ports.
"""

from pathlib import Path
from typing import Any

from docker.models.containers import ContainerCollection
from docker.models.networks import NetworkCollection
from docker.models.volumes import VolumeCollection

from sandbox.engine import Network, labels


def confine(name: str, home: Path, network: Network) -> None:
    """Patch the Docker client of this process; call once, before MiniStack makes its first client."""
    own_labels = labels(name, home)

    def own_name(given: str) -> str:
        return f"fastbreak-{name}-{given.removeprefix('ministack-')}" if given.startswith("ministack-") else given

    create_container, get_container = ContainerCollection.create, ContainerCollection.get
    create_volume, get_volume = VolumeCollection.create, VolumeCollection.get
    create_network = NetworkCollection.create

    def volume_create(self: VolumeCollection, name: str | None = None, **options: Any) -> Any:
        options["labels"] = {**(options.get("labels") or {}), **own_labels}
        return create_volume(self, own_name(name) if name else name, **options)

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
        return create_container(self, image, command, **options)

    def _own_volume(self: ContainerCollection, source: str, rename: Any) -> str:
        if source.startswith("/"):
            return source
        return str(self.client.volumes.create(source).name) if rename(source) != source else source

    def network_create(self: NetworkCollection, name: str, *args: Any, **options: Any) -> Any:
        options["labels"] = {**(options.get("labels") or {}), **own_labels}
        return create_network(self, name, *args, **options)

    patches: tuple[tuple[Any, str, Any], ...] = (
        (ContainerCollection, "create", container_create),
        (ContainerCollection, "get", lambda self, container_id: get_container(self, own_name(container_id))),
        (VolumeCollection, "create", volume_create),
        (VolumeCollection, "get", lambda self, volume_id: get_volume(self, own_name(volume_id))),
        (NetworkCollection, "create", network_create),
    )
    for owner, attribute, replacement in patches:
        setattr(owner, attribute, replacement)


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

"""Which IP addresses may be called at all, and which only on the owner's word. Pure, but for one
probing socket.

Link-local, multicast, unspecified and cloud metadata addresses are never called; private ones only
where the owner pointed (SECURITY.md).
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal

Verdict = Literal["never", "private", "public"]
IPAddress = IPv4Address | IPv6Address

METADATA = {
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
}
NEVER = [
    ip_network("0.0.0.0/8"),
    ip_network("240.0.0.0/4"),
    # Metadata services of clouds
    ip_network("168.63.129.16/32"),
    ip_network("100.100.100.200/32"),
    ip_network("192.0.0.192/32"),
    ip_network("fd00:ec2::254/128"),
]
# IPv6 addresses with an IPv4 address in their last 32 bits
WRAPPING = [ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"), ip_network("::/96")]


def judge(text: str) -> Verdict:
    """The worst verdict on the IP address `text` and on the IPv4 addresses inside it."""
    verdicts = [_judge_one(address) for address in _with_inner(_parse(text))]
    for verdict in ("never", "private"):
        if verdict in verdicts:
            return verdict
    return "public"


def is_ours(text: str) -> bool:
    """Whether an IP address is one of this machine's: only such an address can be bound."""
    address = _with_inner(_parse(text))[0]
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _parse(text: str) -> IPAddress:
    return ip_address(text.partition("%")[0])  # the zone of a link-local address says nothing


def _with_inner(address: IPAddress) -> list[IPAddress]:
    """The addresses where a packet to `address` may end up; Python 3.11 calls 64:ff9b::7f00:1
    global."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return list(address.teredo)
    if int(address) > 1 and any(address in network for network in WRAPPING):
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address]


def _judge_one(address: IPAddress) -> Verdict:
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return "never"
    if any(address in network for network in NEVER):
        return "never"
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    # is_private is no help: it is false for 100.64.0.0/10
    return "public" if address.is_global and not site_local else "private"

"""Which IP addresses may be called at all, and which only on the owner's word. Pure, but for one probing socket.

The rule is chapter 10 of the specification's providers: link-local, multicast, unspecified and cloud metadata addresses
are never called; private ones only where the owner pointed.
"""

from __future__ import annotations

import ipaddress
import socket

METADATA = {
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
}
NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "240.0.0.0/4",
            "168.63.129.16/32",
            "100.100.100.200/32",
            "192.0.0.192/32",
            "fd00:ec2::254/128",
        ),
    )
)  # the last four are clouds' metadata services
WRAPPED = tuple(
    map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))
)  # an IPv4 in the last 32 bits


def judge(text: str) -> str:
    """ "never", "private" or "public": what an IP address is, the IPv4 addresses inside it counted too."""
    address = ipaddress.ip_address(text.partition("%")[0])
    kinds = [_kind(inner) for inner in _inside(address)]
    return next((kind for kind in ("never", "private") if kind in kinds), "public")


def _inside(address) -> list:
    """The addresses that a packet to `address` may end up at; Python 3.11 calls 64:ff9b::7f00:1 global."""
    if address.version == 4:
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return list(address.teredo)
    if int(address) > 1 and any(address in net for net in WRAPPED):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address]


def _kind(address) -> str:
    if (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or any(address in n for n in NEVER)
    ):
        return "never"
    # not is_private: that is false for 100.64.0.0/10
    return (
        "public"
        if address.is_global and not getattr(address, "is_site_local", False)
        else "private"
    )


def ours(text: str) -> bool:
    """Whether an address is one of this machine's: only those can be bound."""
    inner = _inside(ipaddress.ip_address(text.partition("%")[0]))[0]
    with socket.socket(
        socket.AF_INET if inner.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM
    ) as probe:
        try:
            probe.bind((str(inner), 0))
        except OSError:
            return False
    return True

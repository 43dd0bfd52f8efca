"""What an IP address stands for. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

_METADATA = tuple(
    map(
        ip_network,
        # RFC 3927, RFC 4291 2.5.6; the metadata services of Amazon over IPv6 and of Alibaba Cloud.
        ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32"),
    )
)
_TRANSLATED = ip_network("64:ff9b::/96")
"""RFC 6052: an IPv4 address stands in the last four bytes."""


def plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_metadata(address: Address) -> bool:
    """Tell whether ``address`` is link-local, as are the metadata services of clouds."""
    return any(address in network for network in _METADATA if network.version == address.version)


def is_private(address: Address) -> bool:
    """Tell whether ``address`` is not one of the open Internet: loopback, private, shared, reserved."""
    return not (address.is_global or address.is_multicast)

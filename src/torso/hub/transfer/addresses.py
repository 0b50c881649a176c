"""How private a network address is: what decides whether a server may send a request there."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

INTERNET, PRIVATE, LOOPBACK, NEVER = range(4)
_NAT64 = IPv6Network("64:ff9b::/96")
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_STAND_INS = IPv4Network("198.18.0.0/15")  # what proxies on a machine answer in place of any name's own address


def zone_of_address(text: str) -> int:
    """Return the zone of an IP address: INTERNET, PRIVATE network, LOOPBACK, or NEVER to be reached by a redirect.

    An IPv4 address within an IPv6 one, as gateways and tunnels write it, is judged as itself too.

    Raises:
        ValueError: it is no IP address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        return max(_zone(address), *(_zone(inner) for inner in _within(address)), INTERNET)
    return _zone(address)


def zone_of_host(host: str) -> int:
    """Return the zone of a host by its spelling alone, without asking for its address; INTERNET for any name.

    The spellings of an IPv4 address that the system's resolver takes count as that address: ``127.1``, ``0x7f000001``,
    ``2130706433``.
    """
    host = host.strip("[]").rstrip(".").lower()
    try:
        return zone_of_address(host)
    except ValueError:
        pass
    if host == "localhost" or host.endswith((".localhost", ".localdomain")):
        return LOOPBACK
    try:
        return zone_of_address(socket.inet_ntoa(socket.inet_aton(host)))
    except (OSError, ValueError):
        return INTERNET


def _zone(address: IPv4Address | IPv6Address) -> int:
    if address.is_loopback:
        return LOOPBACK
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return NEVER
    if isinstance(address, IPv4Address) and address in _THIS_NETWORK:
        return NEVER
    stands_in = isinstance(address, IPv4Address) and address in _STAND_INS
    return INTERNET if address.is_global or stands_in else PRIVATE


def _within(address: IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address holds."""
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    number = int(address)
    if address in _NAT64 or 0xFFFF < number <= 0xFFFFFFFF:
        found.append(IPv4Address(number & 0xFFFFFFFF))
    return [each for each in found if each is not None]

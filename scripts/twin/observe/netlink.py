"""What `conntrack` and `ip route get` do, without a process for each: under emulation a process costs a tenth of a second."""
import os
import socket
import struct

NLM_F_REQUEST, NLM_F_ACK = 1, 4
NLMSG_ERROR = 2


def request(protocol, kind, flags, payload):
    """Sends one request in the current namespace. Returns the answer's (type, payload), or raises the kernel's OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as channel:
        header = struct.pack("=IHHII", 16 + len(payload), kind, NLM_F_REQUEST | flags, 1, 0)
        channel.sendto(header + payload, (0, 0))
        data = channel.recv(65536)
    length, answer = struct.unpack_from("=IH", data)
    if answer == NLMSG_ERROR:
        code = -struct.unpack_from("=i", data, 16)[0]
        if code:
            raise OSError(code, os.strerror(code))
    return answer, data[16:length]


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def attributes(data):
    """The attributes of a payload, by type."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def forget_connections(mark):
    """Deletes the connection tracking entries with this mark in the current namespace, like `conntrack -D --mark`."""
    ctnetlink, delete, netfilter = 1, 2, 12  # nfnetlink.h, nfnetlink_conntrack.h
    cta_mark, cta_mark_mask = 8, 21
    payload = struct.pack("=BBH", 0, 0, 0)
    payload += attribute(cta_mark, struct.pack("!I", mark)) + attribute(cta_mark_mask, struct.pack("!I", 0xFFFFFFFF))
    try:
        request(netfilter, ctnetlink << 8 | delete, NLM_F_ACK, payload)
    except FileNotFoundError:
        pass  # there is none


def route_to(address):
    """The route that the current namespace takes to an address, as `ip route get` shows it. Empty if there is none."""
    rtm_getroute = 26  # rtnetlink.h
    head = struct.pack("=BBBBBBBBI", socket.AF_INET, 32, 0, 0, 0, 0, 0, 0, 0)
    try:
        _, answer = request(socket.NETLINK_ROUTE, rtm_getroute, 0, head + attribute(1, socket.inet_aton(address)))
    except OSError:
        return ""
    found = attributes(answer[12:])
    words = [address]
    for kind, word in ((5, "via"), (4, "dev"), (7, "src")):  # RTA_GATEWAY, RTA_OIF, RTA_PREFSRC
        if kind in found:
            value = found[kind]
            named = socket.if_indextoname(struct.unpack("=I", value)[0]) if kind == 4 else socket.inet_ntoa(value)
            words += [word, named]
    return " ".join(words)

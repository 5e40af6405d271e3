"""Pings: one socket for each namespace that sends any."""
import errno
import os
import socket
import struct

from namespace import enter

IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3
SOL_RAW, ICMP_FILTER = 255, 1
ECHO_REPLY, UNREACHABLE, ECHO_REQUEST, TIME_EXCEEDED = 0, 3, 8, 11
# The kernel's queues are full for the moment. The packet was not sent, which says nothing about the path.
BUSY = {errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM}


class Ping:
    """Sends echo requests from a namespace, and assigns replies and errors to probes by identifier and sequence number."""

    def __init__(self, namespace):
        enter(namespace)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.socket.setblocking(False)
        # Sets DF, and ignores the path MTU that the kernel has learned from an earlier probe.
        self.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
        # Otherwise the requests to this namespace fill the socket's buffer, too.
        wanted = 1 << ECHO_REPLY | 1 << UNREACHABLE | 1 << TIME_EXCEEDED
        self.socket.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("=I", ~wanted & 0xFFFFFFFF))
        self.waiting = {}

    def send(self, probe):
        """Sends one request. Returns False when it must be sent again later."""
        self.waiting[probe.key] = probe
        body = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, *probe.key) + bytes(probe.size - 28)
        packet = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
        try:
            self.socket.sendto(packet, (probe.destination, 0))
        except OSError as error:
            if error.errno in BUSY:
                return False
            probe.fail("larger than its own device's MTU" if error.errno == errno.EMSGSIZE else os.strerror(error.errno))
        return True

    def receive(self, _mask):
        while True:
            try:
                data, (sender, _) = self.socket.recvfrom(65535)
            except BlockingIOError:
                return
            message = data[(data[0] & 15) * 4:]
            if message[0] == ECHO_REPLY:
                probe = self.waiting.get(struct.unpack("!HH", message[4:8]))
                if probe and probe.destination == sender:
                    probe.succeed()
            elif len(message) >= 36:
                inner = message[8:]
                probe = self.waiting.get(struct.unpack("!HH", inner[(inner[0] & 15) * 4 + 4:][:4]))
                if probe:
                    probe.fail(describe_error(message, sender))

    def forget(self, probe):
        self.waiting.pop(probe.key, None)


def describe_error(message, sender):
    if message[0] == UNREACHABLE and message[1] == 4:
        return f"{sender} says: fragmentation needed, MTU {struct.unpack('!H', message[6:8])[0]}"
    return f"{sender} says: ICMP type {message[0]} code {message[1]}"


def checksum(data):
    """The Internet checksum (RFC 1071). The sum of all 16-bit words is the number itself, modulo 65535."""
    return ~(int.from_bytes(data + b"\0" * (len(data) % 2), "big") % 0xFFFF) & 0xFFFF

"""UDP datagrams: listeners that answer each of them, and clients that send one and wait for the answer."""
import errno
import os
import selectors
import socket

from namespace import enter
from ping import BUSY, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE
from tcp import LINE, close

HEADERS = 28  # of IP and UDP


class DatagramListener:
    """Answers shortly, as DNS may: a probe of the full MTU is for the way there."""

    connections = ()

    def __init__(self, selector, namespace, port):
        enter(namespace)
        self.selector = selector
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("0.0.0.0", port))
        self.socket.setblocking(False)
        selector.register(self.socket, selectors.EVENT_READ, self.answer)

    def answer(self, _mask):
        while True:
            try:
                _, sender = self.socket.recvfrom(64)
                self.socket.sendto(LINE, sender)
            except OSError:
                return

    def close(self):
        close(self.selector, self.socket)


class Datagram:
    """Sends datagrams of one probe, with DF."""

    def __init__(self, selector, probe):
        enter(probe.namespace)
        self.selector, self.probe = selector, probe
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
        self.socket.setblocking(False)
        selector.register(self.socket, selectors.EVENT_READ, self.receive)

    def send(self):
        """Sends one datagram. Returns False when it must be sent again later."""
        try:
            self.socket.connect((self.probe.destination, self.probe.port))
            self.socket.send(bytes(self.probe.size - HEADERS))
        except OSError as error:
            if error.errno in BUSY:
                return False
            self.probe.fail("larger than a hop's MTU" if error.errno == errno.EMSGSIZE else os.strerror(error.errno))
        return True

    def receive(self, _mask):
        try:
            if self.socket.recv(64) == LINE:
                self.probe.succeed()
        except BlockingIOError:
            pass
        except OSError as error:
            self.probe.fail(error.strerror)

    def close(self):
        close(self.selector, self.socket)

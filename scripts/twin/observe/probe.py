"""Probing: runs all pings, datagrams and TCP exchanges of a round at once, in one loop."""
import errno
import os
import selectors
import socket
import struct
import time

from namespace import enter

IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3
ATTEMPTS = 3
SELECTOR = selectors.DefaultSelector()


class Ping:
    """Sends echo requests from a namespace, and assigns replies and errors to probes by identifier and sequence number."""

    def __init__(self, namespace):
        enter(namespace)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.socket.setblocking(False)
        # Sets DF, and ignores the path MTU that the kernel has learned from an earlier probe.
        self.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
        self.waiting = {}

    def send(self, key, probe):
        self.waiting[key] = probe
        body = struct.pack("!BBHHH", 8, 0, 0, *key) + bytes(probe["size"] - 28)
        packet = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
        try:
            self.socket.sendto(packet, (probe["destination"], 0))
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                probe["detail"] = "larger than its own device's MTU"
            else:
                probe["detail"] = os.strerror(error.errno)

    def receive(self):
        """Yields the probes that were answered."""
        while True:
            try:
                data, (sender, _) = self.socket.recvfrom(65535)
            except BlockingIOError:
                return
            message = data[(data[0] & 15) * 4:]
            if message[0] == 0:
                probe = self.waiting.pop(struct.unpack("!HH", message[4:8]), None)
                if probe and probe["destination"] == sender:
                    yield probe
            elif message[0] in (3, 11) and len(message) >= 36:
                inner = message[8:]
                key = struct.unpack("!HH", inner[(inner[0] & 15) * 4 + 4:][:4])
                if key in self.waiting:
                    self.waiting[key]["detail"] = describe_error(message, sender)


def describe_error(message, sender):
    if message[0] == 3 and message[1] == 4:
        return f"{sender} says: fragmentation needed, MTU {struct.unpack('!H', message[6:8])[0]}"
    return f"{sender} says: ICMP type {message[0]} code {message[1]}"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


class Datagram:
    """Sends a UDP datagram from a socket of its own. The probe works if anything comes back from its destination."""

    def __init__(self, probe):
        enter(probe["namespace"])
        self.probe = probe
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
        self.socket.connect((probe["destination"], probe["port"]))

    def send(self):
        self.attempt(lambda: self.socket.send(bytes(self.probe["size"] - 28)))

    def receive(self):
        """Returns whether there was an answer."""
        return self.attempt(lambda: self.socket.recv(64)) is not None

    def attempt(self, call):
        """An ICMP error for an earlier packet is reported by the next call."""
        try:
            return call()
        except BlockingIOError:
            return None
        except OSError as error:
            self.probe["detail"] = "larger than a hop's MTU" if error.errno == errno.EMSGSIZE else os.strerror(error.errno)
            return None


def listen_on(listeners):
    """Opens all the listeners, which are served while a round runs."""
    servers = []
    for item in listeners:
        server = listen(item["namespace"], item["protocol"], item["port"])
        kind = "server" if item["protocol"] == "tcp" else "datagrams"
        SELECTOR.register(server, selectors.EVENT_READ, (kind, server))
        servers.append(server)
    return servers


def listen(namespace, protocol, port):
    enter(namespace)
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("0.0.0.0", port))
    if protocol == "tcp":
        server.listen(1024)
    server.setblocking(False)
    return server


def answer_datagrams(server):
    """Answers shortly, as DNS may: a probe of the full MTU is for the way there."""
    while True:
        try:
            _, sender = server.recvfrom(64)
            server.sendto(b"encaplab\n", sender)
        except OSError:
            return


def echo_once(connection):
    try:
        data = connection.recv(64)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if data:
        connection.send(data)
        return
    SELECTOR.unregister(connection)
    connection.close()


def accept(server):
    while True:
        try:
            connection, _ = server.accept()
        except BlockingIOError:
            return
        connection.setblocking(False)
        SELECTOR.register(connection, selectors.EVENT_READ, ("echo", connection))


def connect(probe):
    enter(probe["namespace"])
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex((probe["destination"], probe["port"]))
    SELECTOR.register(client, selectors.EVENT_WRITE, ("client", probe))
    return client


def client_event(client, probe, mask):
    """Sends a line when connected; the probe works if the line comes back. Returns whether the probe is finished."""
    try:
        if mask & selectors.EVENT_WRITE:
            error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))
            client.send(b"encaplab\n")
            SELECTOR.modify(client, selectors.EVENT_READ, ("client", probe))
            return False
        probe["works"] = client.recv(64) == b"encaplab\n"
    except BlockingIOError:
        return False
    except OSError as error:
        probe["detail"] = error.strerror
    return True


def probe_round(probes, patience, attempts=ATTEMPTS):
    """Sends all probes at once, repeats the pings without an answer, and returns as soon as all are answered."""
    pings, keys, clients, datagrams = {}, {}, {}, {}
    for number, probe in enumerate(probes):
        probe["works"], probe["detail"] = False, ""
        if probe["probe"] == "tcp":
            clients[probe["id"]] = connect(probe)
            continue
        if probe["probe"] == "udp":
            datagrams[probe["id"]] = datagram = Datagram(probe)
            SELECTOR.register(datagram.socket, selectors.EVENT_READ, ("datagram", datagram))
            continue
        if probe["namespace"] not in pings:
            pings[probe["namespace"]] = ping = Ping(probe["namespace"])
            SELECTOR.register(ping.socket, selectors.EVENT_READ, ("ping", ping))
        keys[probe["id"]] = (1 + number // 65536, number % 65536)
    open_ids = {probe["id"] for probe in probes}
    by_id = {probe["id"]: probe for probe in probes}
    interval = 0.33 * patience
    next_send, sent = time.monotonic(), 0
    while open_ids:
        if time.monotonic() >= next_send:
            if sent == attempts:
                break
            for position, identity in enumerate(sorted(open_ids & keys.keys())):
                probe = by_id[identity]
                pings[probe["namespace"]].send(keys[identity], probe)
                if position % 200 == 199:
                    serve(0, open_ids)  # read in between: a socket's buffer holds only a few hundred answers
            for identity in open_ids & datagrams.keys():
                datagrams[identity].send()
            # Start the interval when all is sent: on a slow processor, sending thousands takes longer than an answer.
            sent, next_send = sent + 1, time.monotonic() + interval
        serve(0.02, open_ids)
    for identity, client in clients.items():
        if identity in open_ids or by_id[identity]["works"] is False:
            by_id[identity]["detail"] = by_id[identity]["detail"] or "no answer"
        close(client)
    for sender in [*pings.values(), *datagrams.values()]:
        close(sender.socket)
    return {p["id"]: {"works": p["works"], "detail": "" if p["works"] else p["detail"] or "no answer"} for p in probes}


def serve(timeout, open_ids):
    for key, mask in SELECTOR.select(timeout):
        kind, value = key.data
        if kind == "server":
            accept(value)
        elif kind == "echo":
            echo_once(value)
        elif kind == "datagrams":
            answer_datagrams(value)
        elif kind == "datagram":
            if value.receive():
                value.probe["works"] = True
                open_ids.discard(value.probe["id"])
        elif kind == "ping":
            for probe in value.receive():
                probe["works"] = True
                open_ids.discard(probe["id"])
        elif client_event(key.fileobj, value, mask):
            open_ids.discard(value["id"])
            close(key.fileobj)


def close(sock):
    try:
        SELECTOR.unregister(sock)
    except (KeyError, ValueError):
        pass
    sock.close()

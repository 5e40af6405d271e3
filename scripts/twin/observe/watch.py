"""
Watches a change of the lab: steady datagrams on every kind of path, connections that are older than the change, and the order
in which devices and routes change. Ends when it is told to, which an observation does once the routes have converged: its
packets must not meet the watch's.
"""
import os
import selectors
import socket
import subprocess
import time

from namespace import enter

# Datagrams per second on each path and direction.
RATE = 20
# Ports of the pods, beside those of the study's probes: the first of the datagrams', and that of the connections.
DATAGRAMS, CONNECTIONS = 7100, 7099
LINE = b"still there\n"

FOLDER = "/run/encaplab/watch"
RUNNING, STOP = f"{FOLDER}/running", f"{FOLDER}/stop"


def end_watch(seconds):
    """Tells a watch to end, and waits until it has. Without one, does nothing."""
    if not is_running():
        return
    with open(STOP, "w"):
        pass
    deadline = time.monotonic() + seconds
    while is_running() and time.monotonic() < deadline:
        time.sleep(0.01)


def is_running():
    """Whether a watch runs. One that was killed has left its file."""
    try:
        with open(RUNNING) as file:
            return os.path.exists(f"/proc/{file.read()}")
    except FileNotFoundError:
        return False


class Flow:
    """Datagrams from one pod to another, each with a number."""

    def __init__(self, item, port):
        enter(item["to"])
        self.receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.receiver.bind(("0.0.0.0", port))
        self.receiver.setblocking(False)
        enter(item["from"])
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sender.setblocking(False)
        self.id, self.target = item["id"], (item["destination"], port)
        self.sent, self.arrived = [], set()

    def send(self):
        number = len(self.sent)
        self.sent.append(time.time())
        try:
            self.sender.sendto(str(number).encode(), self.target)
        except OSError:
            pass  # no route: the datagram is lost, and has its number

    def receive(self):
        while True:
            try:
                self.arrived.add(int(self.receiver.recv(64)))
            except OSError:
                return

    def result(self):
        lost = [number for number in range(len(self.sent)) if number not in self.arrived]
        return {"sent": len(self.sent), "first": self.sent[0] if self.sent else 0, "lost": lost}


class Connection:
    """A TCP connection from before the change, and whether it still carries a line after it."""

    def __init__(self, item):
        self.id, self.why = item["id"], None
        enter(item["to"])
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", CONNECTIONS))
        listener.listen(8)
        listener.settimeout(0.5)
        enter(item["from"])
        self.client = socket.socket()
        self.client.settimeout(0.5)
        try:
            self.client.connect((item["destination"], CONNECTIONS))
            self.server, _ = listener.accept()
        except OSError:
            self.why = "could not be opened before the change"
        listener.close()

    def ask(self):
        """Sends a line, whose arrival `check` waits for."""
        if not self.why:
            try:
                self.client.send(LINE)
            except OSError as error:
                self.why = f"broke ({error.strerror})"

    def check(self, deadline):
        if self.why:
            return self.why
        try:
            self.server.settimeout(max(0.01, deadline - time.monotonic()))
            return "lives" if self.server.recv(64) == LINE else "closed"
        except OSError as error:
            return f"broke ({error.strerror or 'nothing arrives'})"


def watch(order):
    """Runs until it is told to end. Returns what was lost, which connections broke, and what changed when."""
    patience = order["patience"]
    os.makedirs(FOLDER, exist_ok=True)
    if os.path.exists(STOP):
        os.remove(STOP)
    monitors = {node: monitor(node) for node in order["nodes"]}
    connections = [Connection(item) for item in order["flows"] if item["connects"]]
    flows = [Flow(item, DATAGRAMS + i) for i, item in enumerate(order["flows"])]
    selector = selectors.DefaultSelector()
    for flow in flows:
        selector.register(flow.receiver, selectors.EVENT_READ, flow)
    with open(RUNNING, "w") as file:
        file.write(str(os.getpid()))
    try:
        deadline = time.monotonic() + order["limit"]
        tick = time.monotonic()
        while not os.path.exists(STOP) and time.monotonic() < deadline:
            for flow in flows:
                flow.send()
            tick += 1 / RATE
            serve(selector, tick)
        # All connections are asked at once, and have their time while the last datagrams are on their way.
        for one in connections:
            one.ask()
        deadline = time.monotonic() + 0.8 * patience
        # Is what was lost last still being lost?
        for _ in range(3):
            for flow in flows:
                flow.send()
            tick += 1 / RATE
            serve(selector, tick)
        serve(selector, time.monotonic() + 0.1 * patience)
        alive = {one.id: one.check(deadline) for one in connections}
    finally:
        os.remove(RUNNING)
    for process in monitors.values():
        process.terminate()
    return {
        "flows": {flow.id: flow.result() for flow in flows},
        "connections": alive,
        "changes": {node: process.communicate()[0].splitlines() for node, process in monitors.items()},
    }


def serve(selector, until):
    while (left := until - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            key.data.receive()


def monitor(node):
    """What changes on a node, with the time: `ip monitor` lists it as a user would see it."""
    enter(node)
    return subprocess.Popen(
        ["ip", "-ts", "-o", "monitor", "link", "route"], stdout=subprocess.PIPE, text=True, env={**os.environ, "TZ": "UTC"})

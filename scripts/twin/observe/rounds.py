"""A round: probes that are sent at the same time, in bounded numbers, in one loop."""
import collections
import selectors
import time

from datagram import Datagram, DatagramListener
from namespace import descriptors_left
from ping import Ping
from probe import SILENCE
from tcp import Client, Listener

# Packets on their way. More would overflow the queues of the kernel, whose losses would look like failures of a path:
# each processor has one of 1000 packets (net.core.netdev_max_backlog), and a neighbour that is being resolved holds
# 200 KB, which are twenty jumbo frames (neigh/unres_qlen_bytes).
IN_FLIGHT = 128
# The same for probes that should fail: their packets are dropped at once, and they only wait.
SILENT = 2048
# How much slower an answer may be than the slowest of its round: a probe that should fail waits that long.
MARGIN = 4

LISTENERS = {"tcp": Listener, "udp": DatagramListener}
CLIENTS = {"tcp": Client, "udp": Datagram}


class Prober:
    """Sends rounds of probes."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.pings = {}

    def round(self, probes, listeners, patience):
        """Measures all probes, in the order given, and returns as soon as all are decided."""
        servers = [LISTENERS[item.get("protocol", "tcp")](self.selector, item["namespace"], item["port"]) for item in listeners]
        for namespace in {probe.namespace for probe in probes if probe.kind == "icmp"} - self.pings.keys():
            self.pings[namespace] = ping = Ping(namespace)
            self.selector.register(ping.socket, selectors.EVENT_READ, ping.receive)
        # A path is believed to fail only after the time in which others were answered, so measure those that should work first.
        slowest = self.fly([probe for probe in probes if probe.expect], IN_FLIGHT, SILENCE * patience, patience)
        silence = max(SILENCE * patience, MARGIN * slowest)
        self.fly([probe for probe in probes if not probe.expect], SILENT, silence, patience)
        # What ends now must not end in the next round: its packets would open the groups of that round.
        deadline = time.monotonic() + SILENCE * patience
        while any(server.connections for server in servers) and time.monotonic() < deadline:
            self.serve(0.005)
        # Close them: a listener repeats its SYN-ACKs for a minute, and in the next round they would open its node's group.
        for server in servers:
            server.close()

    def fly(self, probes, limit, silence, patience):
        """Sends the probes, at most `limit` at a time. Returns the seconds that the slowest answer took."""
        # Small packets first: they resolve the neighbours for the large ones.
        waiting = collections.deque(sorted(probes, key=lambda probe: probe.size))
        # A TCP exchange takes two descriptors.
        limit = min(limit, max(16, descriptors_left() // 2 - 64))
        flying, slowest = set(), 0.0
        while waiting or flying:
            self.launch(waiting, flying, limit)
            # Before reading: what has arrived by now counts, even if this process was not run for a while.
            now = time.monotonic()
            self.serve(0.005)
            ended = set()
            for probe in flying:
                todo = None if probe.done else probe.due(now, patience, silence)
                if todo == "resend":
                    self.send(probe)
                elif probe.done or todo == "give up":
                    ended.add(probe)
                    self.end(probe)
                    if probe.works:
                        slowest = max(slowest, time.monotonic() - probe.sent)
            flying -= ended
        return slowest

    def launch(self, waiting, flying, limit):
        """Sends as many as there is room for, but not all at once, so that answers are read in between."""
        for _ in range(min(len(waiting), limit - len(flying), IN_FLIGHT)):
            probe = waiting[0]
            if not self.send(probe):
                return
            waiting.popleft()
            flying.add(probe)

    def send(self, probe):
        """Returns False if the kernel's queues are full: try again later."""
        now = time.monotonic()
        if probe.kind == "icmp":
            sent = self.pings[probe.namespace].send(probe)
        elif probe.client:
            sent = probe.client.send()
        else:
            probe.client = CLIENTS[probe.kind](self.selector, probe)
            sent = probe.client.send()
        if not sent:
            return False
        probe.attempts += 1
        probe.begun = probe.begun or now
        probe.sent = now
        return True

    def end(self, probe):
        if probe.client:
            probe.client.close()
            probe.client = None
        else:
            self.pings[probe.namespace].forget(probe)

    def serve(self, seconds):
        for key, mask in self.selector.select(seconds):
            key.data(mask)

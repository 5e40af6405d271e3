"""Taps: packet sockets on many devices at once, to see where one packet comes by."""
import socket
import threading
import time

from namespace import enter

ETH_P_ALL, ETH_P_IP = 3, 0x0800
MOST = 200  # packets from one tap: more belong to something else


class Taps:
    """Opens a socket on each device: {"id", "namespace", "interface"}."""

    def __init__(self, wanted):
        self.open = {}
        for item in wanted:
            enter(item["namespace"])
            # Without the link's header: tunl0 has none.
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
            tap.setblocking(False)
            tap.bind((item["interface"], ETH_P_ALL))
            self.open[item["id"]] = tap

    def take(self, seconds):
        """Waits for packets that are still on their way. Returns {id: [IPv4 packet in hex]}, and closes the taps."""
        time.sleep(seconds)
        packets = {name: list(waiting(tap)) for name, tap in self.open.items()}
        close(self.open.values())
        return packets


def close(taps):
    """Closes all at the same time: each waits until no processor uses the socket any more, which takes 10 ms (packet_release)."""
    threads = [threading.Thread(target=tap.close) for tap in taps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def waiting(tap):
    for _ in range(MOST):
        try:
            data, address = tap.recvfrom(65535)
        except BlockingIOError:
            return
        if address[1] == ETH_P_IP:
            yield data.hex()

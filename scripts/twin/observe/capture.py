"""Captures: for one pair of each path, one packet as tcpdump shows it, and the route that it took."""
import re
import socket
import struct
import subprocess
import time

from namespace import enter
from netlink import route_to
from taps import close

ETH_P_ALL = 3
IPV4, ETHERNET_HEADER = b"\x08\x00", 14
NUMBERS = {"icmp": 1, "ipip": 4, "tcp": 6, "udp": 17}
# The port 4789 as bytes. Inside are the headers of UDP, VXLAN and Ethernet, before the IP packet.
VXLAN, VXLAN_HEADERS = b"\x12\xb5", 8 + 8 + ETHERNET_HEADER


class Captures:
    """Sends one probe for each wanted capture, and takes its packet from the node's device.

    A packet socket takes the packets and one tcpdump describes all of them, because a tcpdump for each of them is the slowest
    part of an observation under emulation. tcpdump starts at once, so that it is ready when it is needed.
    """

    def __init__(self, wanted):
        self.wanted = wanted
        self.tcpdump = subprocess.Popen(
            ["tcpdump", "-nntt", "-e", "-r", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def take(self, send, seconds):
        """Returns {id: {"route", "packet"}}. `send` sends the probes. Waits for `seconds` for packets that do not come."""
        taps = []
        for item in self.wanted:
            enter(item["node"])
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            tap.setblocking(False)
            tap.bind((item["interface"], ETH_P_ALL))
            taps.append(tap)
        send()
        frames = [None] * len(taps)
        deadline = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            for position, tap in enumerate(taps):
                if frames[position] is None:
                    frames[position] = first_match(tap, self.wanted[position]["match"])
            if None not in frames or now > deadline:
                break
            time.sleep(0.005)
        close(taps)
        packets = self.describe(frames)
        shown = {}
        for item, packet in zip(self.wanted, packets):
            enter(item["node"])
            shown[item["id"]] = {"route": route_to(item["route"]), "packet": packet}
        return shown

    def describe(self, frames):
        """Each frame as tcpdump shows it; empty where there is none."""
        # The time stamp says which frame a line is about: the line of a tunnel is followed by one about what is inside.
        records = [struct.pack("=IIII", number, 0, len(frame), len(frame)) + frame
                   for number, frame in enumerate(frames) if frame]
        header = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
        output, errors = self.tcpdump.communicate(header + b"".join(records))
        if self.tcpdump.returncode != 0:
            raise RuntimeError(f"tcpdump failed: {errors.decode(errors='replace')}")
        described, number = [""] * len(frames), 0
        for line in output.decode(errors="replace").splitlines():
            stamp = re.match(r"(\d+)\.\d{6} ", line)
            if stamp:
                number = int(stamp[1])
                described[number] = line[stamp.end():]
            else:
                described[number] += "\n" + line
        return [text.strip() for text in described]


def first_match(tap, wanted):
    """The first waiting frame with a wanted packet in it, in a tunnel or not; None if there is none yet."""
    while True:
        try:
            frame = tap.recv(65535)
        except BlockingIOError:
            return None
        if frame[12:14] == IPV4 and matches(frame[ETHERNET_HEADER:], wanted):
            return frame


def matches(packet, wanted):
    """Whether an IPv4 packet, or the one in its tunnel, has the wanted protocol, destination and, if given, source."""
    header, protocol = (packet[0] & 15) * 4, packet[9]
    if protocol == NUMBERS["ipip"]:
        return matches(packet[header:], wanted)
    if protocol == NUMBERS["udp"] and packet[header + 2:header + 4] == VXLAN:
        return matches(packet[header + VXLAN_HEADERS:], wanted)
    source, destination = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    return (protocol == NUMBERS[wanted["protocol"]] and destination == wanted["destination"]
            and wanted.get("source", source) == source)

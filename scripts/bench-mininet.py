#!/usr/bin/env python3
"""Builds HOSTS hosts on a row of SWITCHES bridges with Mininet, and sends one ping. Used by `npm run bench`."""
import sys

from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import Topo


class Lab(Topo):
    def build(self, hosts, switches):
        bridges = [self.addSwitch(f"s{number + 1}") for number in range(switches)]
        for number in range(hosts):
            self.addLink(self.addHost(f"h{number + 1}"), bridges[number % switches])
        for left, right in zip(bridges, bridges[1:]):
            self.addLink(left, right)


network = Mininet(topo=Lab(int(sys.argv[1]), int(sys.argv[2])), switch=LinuxBridge, controller=None)
network.start()
answer = network.hosts[0].cmd(f"ping -c1 -W2 {network.hosts[-1].IP()}")
network.stop()
if " 0% packet loss" not in answer:
    sys.exit(f"Mininet's ping got no answer:\n{answer}")

#!/usr/bin/env python3
"""Measures what really happens in the twin, with one process for all namespaces.

Reads a JSON document from standard input and writes one to standard output. A socket belongs to the namespace in which it
was created, so this process enters each namespace once, opens its sockets there, and then serves all of them in one loop.

in:  {"patience": factor on time limits, "nodes": [{"name", "bgp": bool, "sessions": count, "routes": [{"block", "via", "device"}]}],
      "listeners": [{"namespace", "protocol": "tcp"|"udp", "port"}],
      "rounds": [[{"id", "namespace", "destination", "probe": "icmp"|"tcp"|"udp", "size", "port"}]],
      "captures": [{as a probe, and "node", "interface", "filter", "route"}]}
out: {"converged": bool, "notConverged": [text], "results": {id: {"works": bool, "detail": text}},
      "sessions": {node: {peer: state}}, "captures": {id: {"route": text, "packet": text}}}
"""
import json
import sys

from capture import capture
from namespace import run
from probe import close, listen_on, probe_round
from converge import sessions, converge


def forget_connections():
    """Deletes the security groups' connection tracking entries. Those of BGP's sessions are marked, so they stay."""
    run("fabric", "conntrack", "-D", "--mark", "0")


def main():
    order = json.load(sys.stdin)
    patience = order["patience"]
    amiss = converge(order["nodes"], patience)
    results = {}
    for probes in order["rounds"]:
        # An entry from the opposite direction would let a packet pass that a group refuses.
        forget_connections()
        servers = listen_on(order["listeners"])
        results.update(probe_round(probes, patience))
        # Close them: a listener repeats its SYN-ACKs for a minute, and in the next round they would open its node's group.
        for server in servers:
            close(server)
    captures = capture(order["captures"], patience)
    # Leave the lab as cold as the verdict assumes it: for 600 s, the first ping that a user types would pass otherwise.
    forget_connections()
    json.dump({
        "converged": not amiss,
        "notConverged": amiss[:20],
        "results": results,
        "sessions": {node["name"]: sessions(node["name"]) for node in order["nodes"]},
        "captures": captures,
    }, sys.stdout)


main()

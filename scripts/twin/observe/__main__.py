#!/usr/bin/env python3
"""Measures what really happens in the twin: one process, every namespace.

Reads a JSON document on standard input and writes one on standard output. A socket belongs to the namespace it was
made in, so this process visits each namespace once, opens its sockets there, and then serves all of them from one loop.

in:  {"patience": seconds, "nodes": [{"name", "bgp": bool, "sessions": count, "routes": [{"block", "via", "device"}]}],
      "listeners": [{"namespace", "port"}],
      "rounds": [[{"id", "namespace", "source", "destination", "probe": "icmp"|"tcp", "size", "port"}]],
      "captures": [{"id", "namespace", "node", "interface", "filter", "source", "destination"}]}
out: {"settled": bool, "unsettled": [text], "results": {id: {"works": bool, "detail": text}},
      "sessions": {node: {peer: state}}, "captures": {id: {"route": text, "packet": text}}}
"""
import json
import selectors
import sys

from capture import capture
from namespace import run
from probe import SELECTOR, listen, probe_round
from settle import sessions, settle


def main():
    order = json.load(sys.stdin)
    patience = order["patience"]
    amiss = settle(order["nodes"], patience)
    for item in order["listeners"]:
        server = listen(item["namespace"], item["port"])
        SELECTOR.register(server, selectors.EVENT_READ, ("server", server))
    results = {}
    for probes in order["rounds"]:
        # From cold: an entry that the other direction left behind would let a packet pass that a group refuses.
        # BGP's sessions, which are marked, live on.
        run("fabric", "conntrack", "-D", "--mark", "0")
        results.update(probe_round(probes, patience))
    json.dump({
        "settled": not amiss,
        "unsettled": amiss[:20],
        "results": results,
        "sessions": {node["name"]: sessions(node["name"]) for node in order["nodes"]},
        "captures": capture(order["captures"], patience),
    }, sys.stdout)


main()

#!/usr/bin/env python3
"""Measures what really happens in the twin, with one process for all namespaces.

Reads a JSON document from standard input and writes one to standard output. A socket belongs to the namespace in which it
was created, so this process enters each namespace, opens its sockets there, and then serves all of them in one loop.

in:  {"patience": factor on time limits, "routesBy": "BIRD"|"Felix", "nodes": [{"name", "bgp": bool, "sessions": count, "routes": [{"block", "via", "device"}]}],
      "stateful": [namespace], "listeners": [{"namespace", "protocol": "tcp"|"udp", "port"}],
      "rounds": [[{"id", "namespace", "destination", "probe": "icmp"|"tcp"|"udp", "size", "port", "expect": bool}]],
      "captures": [{probe's fields as in rounds, "node", "interface", "match": {"protocol", "destination", "source"}, "route"}]}
     Or, to see one probe at many devices: {"patience", "stateful", "listeners", "probe": {as in rounds},
      "taps": [{"id", "namespace", "interface"}]}
     Or, to watch a change: {"patience", "limit": seconds, "nodes": [name],
      "flows": [{"id", "from": namespace, "to": namespace, "destination": address, "connects": bool}]}
out: {"notConverged": [text], "results": {id: {"works": bool, "detail": text}},
      "sessions": {node: {peer: state}}, "captures": {id: {"route": text, "packet": text}}}
     Or {"works": bool, "detail": text, "packets": {tap's id: [hex]}}
     Or {"flows": {id: {"sent": count, "first": seconds since 1970, "lost": [number]}}, "connections": {id: text},
      "changes": {node: [a line of `ip -ts -o monitor`]}}
"""
import json
import sys

import bird
import netlink
from capture import Captures
from converge import converge_routes, converge_sessions
from namespace import enter
from probe import Probe
from rounds import Prober
from taps import Taps
from watch import end_watch, watch


def forget_connections(stateful):
    """Deletes the firewalls' connection tracking entries. Those of BGP's sessions are marked, so they stay."""
    for namespace in stateful:
        enter(namespace)
        netlink.forget_connections(mark=0)


def measure(order, prober, patience):
    """Waits for convergence, and measures. Returns the probes, and what had not converged."""
    nodes = order["nodes"]
    # A session that comes up later would bring routes. Where Felix has them, it comes up while the probes are on their way.
    needs_sessions = order["routesBy"] == "BIRD"
    amiss = converge_sessions(nodes, patience) if needs_sessions else []
    amiss += converge_routes(nodes, patience)
    end_watch(2 * patience)
    rounds = [[Probe(item) for item in probes] for probes in order["rounds"]]
    for probes in rounds:
        # An entry from the opposite direction would let a packet pass that a group refuses.
        forget_connections(order["stateful"])
        prober.round(probes, order["listeners"], patience)
    # Measure a surprise twice, with more time: on a busy machine an answer may come too late, or a packet be lost.
    for probes in rounds:
        again = [probe for probe in probes if probe.surprising]
        if again:
            forget_connections(order["stateful"])
            for probe in again:
                probe.reset()
            prober.round(again, order["listeners"], 2 * patience)
    if not needs_sessions:
        amiss += converge_sessions(nodes, patience)
    return [probe for probes in rounds for probe in probes], amiss


def follow(order):
    """Sends one probe, from cold, and takes its packets from every tap."""
    patience, probe = order["patience"], Probe(order["probe"])
    forget_connections(order["stateful"])
    taps, prober = Taps(order["taps"]), Prober()
    prober.round([probe], order["listeners"], patience)
    packets = taps.take(0.05 * patience)
    forget_connections(order["stateful"])
    return {**probe.result(), "packets": packets}


def main():
    order = json.load(sys.stdin)
    for key, answer in (("taps", follow), ("flows", watch)):
        if key in order:
            sys.stdout.write(json.dumps(answer(order)))
            return
    captures, prober = Captures(order["captures"]), Prober()
    patience = order["patience"]
    probes, amiss = measure(order, prober, patience)
    if amiss:
        probes, amiss = measure(order, prober, 2 * patience)
    examples = [Probe(item) for item in order["captures"]]
    shown = captures.take(lambda: prober.round(examples, order["listeners"], patience), 0.1 * patience)
    # Leave the lab as cold as the verdict assumes it: for 600 s, the first ping that a user types would pass otherwise.
    forget_connections(order["stateful"])
    # Not json.dump, which is not written in C.
    sys.stdout.write(json.dumps({
        "notConverged": amiss[:20],
        "results": {probe.id: probe.result() for probe in probes},
        "sessions": {node["name"]: bird.sessions(node["name"]) for node in order["nodes"]},
        "captures": shown,
    }))


main()

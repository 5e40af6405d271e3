"""
Waits until the network has converged: every node has the routes that it should have, and then the BGP sessions. They are two
steps, because a session takes a second to come up, and where Felix programs the routes no packet waits for one.
"""
import os
import socket
import struct
import time

import bird
from namespace import enter

# Seconds between two looks at the same node.
INTERVAL = 0.02


def block_routes(namespace):
    """The main table's routes with a next hop, as {(block, via, device)}, from the kernel's list (proc(5))."""
    enter(namespace)
    found = set()
    # Not /proc/net: it is a link to the namespace of the process's first thread at the time when it was resolved.
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/net/route") as table:
        next(table)
        for line in table:
            device, target, gateway, _, _, _, _, mask = line.split()[:8]
            if gateway == "00000000" or target == "00000000":
                continue
            block = f"{dotted(target)}/{bin(int(mask, 16)).count('1')}"
            found.add((block, dotted(gateway), device))
    return found


def dotted(little_endian_hex):
    return socket.inet_ntoa(struct.pack("<I", int(little_endian_hex, 16)))


def converge_routes(nodes, patience):
    """Waits until each node has exactly the routes that it should have. Returns what is still wrong when the time is up."""
    return converge(nodes, wrong_routes, 15 * patience)


def converge_sessions(nodes, patience):
    """Waits until each node has its BGP sessions. Returns what is still wrong when the time is up."""
    for node in nodes:
        if node["bgp"] and not node["sessions"]:
            await_attempts(node["name"], 2 * patience)
    return converge(nodes, missing_sessions, 15 * patience)


def converge(nodes, wrong_on, seconds):
    deadline = time.monotonic() + seconds
    waiting = nodes
    while True:
        amiss = {node["name"]: wrong for node in waiting if (wrong := wrong_on(node))}
        # Look at all once more at the end: a node that was right may have lost a route since.
        if not amiss and waiting is not nodes:
            waiting = nodes
            continue
        if not amiss or time.monotonic() > deadline:
            return [line for wrong in amiss.values() for line in wrong]
        waiting = [node for node in nodes if node["name"] in amiss]
        for node in nodes:
            if node["bgp"]:
                bird.wake(node["name"])
        time.sleep(INTERVAL)


def wrong_routes(node):
    """What is wrong with a node's routes, in sentences."""
    name = node["name"]
    want = {(r["block"], r["via"], r["device"]) for r in node["routes"]}
    have = block_routes(name)
    wrong = [f"{name} lacks {' '.join(r)}" for r in sorted(want - have)]
    return wrong + [f"{name} still has {' '.join(r)}" for r in sorted(have - want)]


def missing_sessions(node):
    """What a node's BGP sessions lack, in sentences."""
    if not node["sessions"]:
        return []
    up = [state for state in bird.sessions(node["name"]).values() if state == "Established"]
    if len(up) >= node["sessions"]:
        return []
    return [f"{node['name']} has {len(up)} of {node['sessions']} BGP sessions"]


def await_attempts(node, seconds):
    """For a node without expected sessions: waits, from BIRD's start, for the time in which a session would come up."""
    started = bird.started(node)
    if started is not None:
        time.sleep(max(0.0, started + seconds - time.time()))

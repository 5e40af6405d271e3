"""Waits until the network has converged: every node has the BGP sessions and routes that it should have."""
import os
import socket
import struct
import subprocess
import time

from namespace import enter


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


def converge(nodes, patience):
    """Waits until each node has exactly what it should have. Returns what is still wrong when the time is up."""
    deadline = time.monotonic() + 15 * patience
    for node in nodes:
        if node["bgp"] and not node["sessions"]:
            await_attempts(node["name"], 3 * patience)
    while True:
        amiss = []
        for node in nodes:
            want = {(r["block"], r["via"], r["device"]) for r in node["routes"]}
            have = block_routes(node["name"])
            amiss += [f"{node['name']} lacks {' '.join(r)}" for r in sorted(want - have)]
            amiss += [f"{node['name']} still has {' '.join(r)}" for r in sorted(have - want)]
        # Check the sessions too: if Felix programs the routes, they are there before BIRD has its sessions.
        for node in [] if amiss else nodes:
            up = [state for state in sessions(node["name"]).values() if state == "Established"]
            if len(up) < node["sessions"]:
                amiss.append(f"{node['name']} has {len(up)} of {node['sessions']} BGP sessions")
        if not amiss or time.monotonic() > deadline:
            return amiss
        for node in nodes:
            if node["bgp"]:
                wake(node["name"])
        time.sleep(0.05)


def wake(node):
    """Wakes BIRD: BIRD 2.0 sleeps for up to three seconds although it has work to do. Any input ends the sleep."""
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(f"/run/bird/{node}.ctl")
    except OSError:
        pass  # BIRD is not up yet
    finally:
        client.close()


def await_attempts(node, seconds):
    """For a node without expected sessions: waits, from BIRD's start, for the time in which a session would come up."""
    try:
        started = os.stat(f"/run/bird/{node}.pid").st_mtime
    except FileNotFoundError:
        return
    time.sleep(max(0.0, started + seconds - time.time()))


def sessions(node):
    """The state of each BGP session by peer address, from `birdc show protocols`."""
    path = f"/run/bird/{node}.ctl"
    if not os.path.exists(path):
        return {}
    shown = subprocess.run(["birdc", "-s", path, "show", "protocols"], capture_output=True, text=True, check=False)
    found = {}
    for line in shown.stdout.splitlines():
        if line.startswith("Mesh_"):
            fields = line.split(maxsplit=5)
            peer = fields[0][len("Mesh_"):].replace("_", ".")
            found[peer] = fields[5].strip() if len(fields) > 5 else fields[3]
    return found

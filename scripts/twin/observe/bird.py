"""BIRD's control socket, asked without a `birdc` process for each node."""
import os
import socket


def sessions(node):
    """The state of each BGP session by peer address, from `show protocols`."""
    found = {}
    for line in ask(node, "show protocols"):
        # The first line of the list has BIRD's code in front of it, the others a space.
        fields = line[5:].split(maxsplit=5) if line[:4].isdigit() else line.split(maxsplit=5)
        # Calico calls a session of the mesh Mesh_, and one of a BGPPeer Node_.
        if fields and fields[0].startswith(("Mesh_", "Node_")):
            peer = fields[0][len("Mesh_"):].replace("_", ".")
            found[peer] = fields[5].strip() if len(fields) > 5 else fields[3]
    return found


def ask(node, command):
    """The lines of BIRD's answer; none if BIRD does not run on this node."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        try:
            client.connect(f"/run/bird/{node}.ctl")
            client.sendall(f"{command}\n".encode())
            lines = client.makefile(encoding="utf-8", errors="replace")
            next(lines, "")  # the greeting
            answer = []
            for line in lines:
                answer.append(line.rstrip("\n"))
                # Codes 0xxx end an answer, 8xxx and 9xxx are errors.
                if line[:1] in "089" and line[:4].isdigit() and line[4:5] == " ":
                    break
            return answer
        except OSError:
            return []


def wake(node):
    """Wakes BIRD: BIRD 2.0 sleeps for up to three seconds although it has work to do. Any input ends the sleep."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(f"/run/bird/{node}.ctl")
        except OSError:
            pass  # BIRD is not up yet


def started(node):
    """When the node's BIRD was started, in seconds since 1970; None if it does not run."""
    try:
        return os.stat(f"/run/bird/{node}.pid").st_mtime
    except FileNotFoundError:
        return None

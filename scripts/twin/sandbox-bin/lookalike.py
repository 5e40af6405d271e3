"""Read-only look-alikes of calicoctl and kubectl in a twin's shell, so that a course's commands can be typed as they are.

`lookalike.py PROGRAM ARGUMENT…`. They show the lab's plan, which each node has in a file; `node status` asks the node's BIRD.
The columns are those of the real programs, without those that a twin has nothing for, such as STATUS and AGE.
"""
import glob
import json
import os
import re
import subprocess
import sys

FACTS = "/run/encaplab/facts/*.json"
OPTIONS_WITH_VALUE = ("-o", "--output", "-n", "--namespace")


def nodes():
    found = []
    for path in glob.glob(FACTS):
        try:
            with open(path, encoding="utf-8") as file:
                found.append(json.load(file))
        except (OSError, ValueError):
            pass  # the node is being changed right now
    return sorted(found, key=lambda node: node["index"])


def table(head, rows):
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("   ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def ippool():
    every = [pool for node in nodes() for pool in node.get("pools") or [node["pool"]]]
    pools = {json.dumps(pool, sort_keys=True): pool for pool in every}
    table(
        ["NAME", "CIDR", "NAT", "IPIPMODE", "VXLANMODE", "DISABLED", "SELECTOR"],
        [
            [pool.get("name", "default-ipv4-ippool"), pool["cidr"], str(pool["natOutgoing"]).lower(),
             pool["ipipMode"], pool["vxlanMode"], str(pool.get("disabled", False)).lower(),
             pool.get("selector", "all()")]
            for pool in pools.values()
        ],
    )


def workloadendpoints():
    table(
        ["WORKLOAD", "NODE", "NETWORKS", "INTERFACE"],
        [[pod["name"], node["name"], pod["address"] + "/32", pod["interface"]]
         for node in nodes() for pod in node["pods"]],
    )


def calico_nodes():
    table(
        ["NAME", "ASN", "IPV4"],
        [[node["name"], f"({node['asNumber']})" if node["asNumber"] else "", node["address"]] for node in nodes()],
    )


# As calicoctl calls them (calicoctl/commands/node/status.go).
PEER_TYPES = {"Mesh": "node-to-node mesh", "Node": "node specific"}


def node_status():
    asked = subprocess.run(["ip", "netns", "identify", str(os.getpid())], capture_output=True, text=True, check=False)
    own = next((node for node in nodes() if node["name"] == asked.stdout.strip()), None)
    if own is None:
        fail("Type `calicoctl node status` on a node.")
    if own["asNumber"] is None:
        print("The BGP backend process (BIRD) is not running: the lab's config has bgp: Disabled.")
        return
    said = subprocess.run(["birdc", "show", "protocols"], capture_output=True, text=True, check=False)
    if said.returncode != 0:
        fail(said.stderr.strip() or said.stdout.strip())
    rows = [["PEER ADDRESS", "PEER TYPE", "STATE", "SINCE", "INFO"]]
    for line in said.stdout.splitlines():
        found = re.match(r"(Mesh|Node)_(\S+)\s+BGP\s+\S+\s+(\S+)\s+(\S+)\s*(.*)", line)
        if found:
            kind, peer, state, since, info = found.groups()
            rows.append([peer.replace("_", "."), PEER_TYPES[kind], state, since.split(".")[0], info.strip()])
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    print("\n".join(["IPv4 BGP status", rule, lines[0], rule, *lines[1:], rule]))


def pods():
    table(
        ["NAME", "IP", "NODE"],
        [[pod["name"], pod["address"], node["name"]] for node in nodes() for pod in node["pods"]],
    )


def kubernetes_nodes():
    table(
        ["NAME", "ROLES", "INTERNAL-IP"],
        [[node["name"], "control-plane" if node["role"] == "control-plane" else "<none>",
          node["address"].split("/")[0]] for node in nodes()],
    )


COMMANDS = {
    "calicoctl": {
        ("get", "ippool"): ippool,
        ("get", "workloadendpoints"): workloadendpoints,
        ("get", "nodes"): calico_nodes,
        ("node", "status"): node_status,
    },
    "kubectl": {("get", "pods"): pods, ("get", "nodes"): kubernetes_nodes},
}
ALIASES = {
    "ippools": "ippool", "ipp": "ippool",
    "workloadendpoint": "workloadendpoints", "wep": "workloadendpoints", "weps": "workloadendpoints",
    "pod": "pods", "po": "pods", "no": "nodes",
}


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(1)


def words_of(arguments):
    """The words that are no options. Options of the real programs change nothing here, except other output formats."""
    words, left = [], list(arguments)
    while left:
        one = left.pop(0)
        name, _, value = one.partition("=")
        if name in OPTIONS_WITH_VALUE and not value:
            value = left.pop(0) if left else ""
        if name in ("-o", "--output") and value != "wide" or re.match(r"-o(?!wide$)[a-z]", one):
            fail(f"There is no {' '.join(arguments)} here: the only output is that of `-o wide`.")
        if not one.startswith("-"):
            words.append(one)
    return words


def main(program, *arguments):
    print(f"{program}: a read-only look-alike of the lab's plan; a twin has no Kubernetes.", file=sys.stderr)
    words = words_of(arguments)
    if words[:1] == ["get"]:
        words[1:2] = [ALIASES.get(word, word) for word in words[1:2]]
    elif program == "calicoctl" and words[:1] == ["nodes"]:
        words[0] = "node"
    show = COMMANDS[program].get(tuple(words))
    if show is None:
        known = ", ".join(f"`{program} {' '.join(command)}`" for command in COMMANDS[program])
        fail(f"There is no `{' '.join([program, *arguments])}` here. There are: {known}.")
    show()


main(*sys.argv[1:])

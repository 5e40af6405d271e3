"""Captures: for one pair of each path, one packet as tcpdump shows it, and the route that it took."""
import subprocess

from namespace import run
from probe import probe_round


def capture(wanted, patience):
    dumps = []
    for item in wanted:
        command = ["nsenter", f"--net=/run/netns/{item['node']}", "tcpdump", "-nnte", "-c1", "--immediate-mode", "-l",
                   "-i", item["interface"], item["filter"]]
        dumps.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    for dump in dumps:
        await_listening(dump)
    # One attempt is enough: earlier rounds have resolved every neighbour that answers.
    probe_round([dict(item) for item in wanted], patience, attempts=1)
    shown = {}
    for item, dump in zip(wanted, dumps):
        try:
            packet, _ = dump.communicate(timeout=0.2 * patience)
        except subprocess.TimeoutExpired:
            dump.terminate()
            packet, _ = dump.communicate()
        route = run(item["node"], "ip", "route", "get", item["route"])
        shown[item["id"]] = {"route": route.split("\n")[0].strip(), "packet": packet.strip()}
    return shown


def await_listening(dump):
    """Waits until tcpdump says that it is listening: it would miss a packet that is sent before."""
    for line in dump.stderr:
        if line.startswith("listening on"):
            return
    raise RuntimeError(f"tcpdump did not start: {' '.join(dump.args)}")

"""Network namespaces: a socket belongs to the one in which it was created."""
import ctypes
import os
import resource

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
HANDLES = {}


def enter(namespace):
    """Enters this network namespace: sockets opened, and processes started, from now on belong to it."""
    # Keep the handle open: a probe of a large lab opens thousands of sockets, one namespace after the other.
    if namespace not in HANDLES:
        HANDLES[namespace] = os.open(f"/run/netns/{namespace}", os.O_RDONLY | os.O_CLOEXEC)
    if LIBC.setns(HANDLES[namespace], CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"cannot enter namespace {namespace}")


def descriptors_left():
    """How many more files and sockets this process may open. Raises its own limit as far as the kernel lets it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - len(os.listdir("/proc/self/fd"))

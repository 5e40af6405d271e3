"""A terminal for a program whose user is not on a terminal of this machine.

    python3 terminal.py ROWS COLUMNS PROGRAM [ARGUMENT…]

Standard input is what is typed, standard output what the terminal shows. Descriptor 3 is read for new sizes, each a line
`ROWS COLUMNS`. The end of standard input hangs the terminal up, which ends the program as closing a window does. Node has
no terminals of its own, and a native module would need a compiler at each installation.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

SIZES = 3
# How much of what is typed may wait for a program that does not read.
WAITING = 65536
# Seconds that a program has to end after its terminal has hung up.
FAREWELL = 2


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def start(rows, columns, argv):
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            resize(0, rows, columns)
            os.close(SIZES)
            os.execvp(argv[0], argv)
        except OSError as error:
            os.write(2, f"{argv[0]} cannot be started: {error.strerror}\r\n".encode())
        os._exit(127)
    return pid, terminal


def show(terminal):
    """Passes on what the terminal shows. Returns whether there is more to come."""
    try:
        shown = os.read(terminal, 65536)
    except BlockingIOError:
        return True
    except OSError:
        return False  # Linux reports with EIO that the other end is closed
    while shown:
        shown = shown[os.write(1, shown) :]
    return True


class Sizes:
    """Reads the lines of descriptor 3, which may arrive in parts."""

    def __init__(self, terminal):
        self.terminal, self.rest = terminal, b""

    def take(self):
        read = os.read(SIZES, 4096)
        *lines, self.rest = (self.rest + read).split(b"\n")
        if lines:
            resize(self.terminal, *lines[-1].split())
        return read != b""


def relay(terminal, ended):
    """Until the program has ended, or its input ends."""
    typed, sizes = b"", Sizes(terminal)
    sources = {0, SIZES, terminal, ended}
    while True:
        wanted = sources - ({0} if len(typed) > WAITING else set())
        readable, writable, _ = select.select(wanted, [terminal] if typed else [], [])
        if terminal in readable and not show(terminal):
            return
        if ended in readable:
            # Its last words, and no longer: what it has left in the background may hold the terminal.
            while select.select([terminal], [], [], 0)[0] and show(terminal):
                pass
            return
        if SIZES in readable and not sizes.take():
            sources.discard(SIZES)
        if 0 in readable:
            read = os.read(0, 65536)
            if not read:
                return
            typed += read
        if writable and typed:
            try:
                typed = typed[os.write(terminal, typed) :]
            except BlockingIOError:
                pass
            except OSError:
                return


def farewell(pid):
    """Waits for the program, and kills it if it does not end. Returns its exit code, as shells report it."""
    deadline = time.monotonic() + FAREWELL
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def main(rows, columns, *argv):
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    pid, terminal = start(rows, columns, argv)
    os.set_blocking(terminal, False)
    try:
        relay(terminal, ended)
    except BrokenPipeError:
        pass  # the reader has gone
    os.close(terminal)
    return farewell(pid)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

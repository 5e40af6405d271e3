"""TCP exchanges: listeners that send one line back, and clients that ask for it."""
import errno
import os
import selectors
import socket

from namespace import enter

LINE = b"encaplab\n"


class Listener:
    """Accepts connections, and echoes once on each."""

    def __init__(self, selector, namespace, port):
        enter(namespace)
        self.selector, self.connections = selector, set()
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("0.0.0.0", port))
        self.socket.listen(4096)
        self.socket.setblocking(False)
        selector.register(self.socket, selectors.EVENT_READ, self.accept)

    def accept(self, _mask):
        while True:
            try:
                connection, _ = self.socket.accept()
            except BlockingIOError:
                return
            except OSError:
                return  # no descriptor is left: the client's next attempt finds one
            connection.setblocking(False)
            self.connections.add(connection)
            self.selector.register(connection, selectors.EVENT_READ, lambda _mask, c=connection: self.echo(c))

    def echo(self, connection):
        try:
            data = connection.recv(64)
            if data:
                connection.send(data)
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.drop(connection)

    def drop(self, connection):
        self.connections.discard(connection)
        close(self.selector, connection)

    def close(self):
        for connection in [*self.connections]:
            self.drop(connection)
        close(self.selector, self.socket)


class Client:
    """One attempt of a probe."""

    def __init__(self, selector, probe):
        enter(probe.namespace)
        self.selector, self.probe = selector, probe
        self.socket = socket.socket()
        self.socket.setblocking(False)
        selector.register(self.socket, selectors.EVENT_WRITE, self.proceed)

    def send(self):
        """The kernel repeats the SYN by itself, after a second."""
        error = self.socket.connect_ex((self.probe.destination, self.probe.port))
        if error not in (0, errno.EINPROGRESS):
            self.probe.fail(os.strerror(error))
        return True

    def proceed(self, mask):
        """Sends a line when connected; the probe works if the line comes back."""
        try:
            if mask & selectors.EVENT_WRITE:
                error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, os.strerror(error))
                self.socket.send(LINE)
                self.probe.surprise()
                self.selector.modify(self.socket, selectors.EVENT_READ, self.proceed)
                return
            if self.socket.recv(64) == LINE:
                self.probe.succeed()
            else:
                self.probe.fail("closed without an answer")
        except BlockingIOError:
            return
        except OSError as error:
            self.probe.fail(error.strerror)
        # Also after a failure: a closed socket stays ready, and would keep the loop busy.
        self.close()

    def close(self):
        close(self.selector, self.socket)


def close(selector, sock):
    try:
        selector.unregister(sock)
    except (KeyError, ValueError):
        pass
    sock.close()

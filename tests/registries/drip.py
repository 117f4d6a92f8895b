# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A peer that is slow on purpose: it takes connections and sends, or reads, a byte now and then.

    with Drip(head=b"HTTP/1.1 200 OK\r\n...", slowly=b"x" * 1000) as peer:
        peer.host

``head`` is sent at once when the first bytes of a request have come, then ``slowly``, a byte each ``pause_seconds``,
over again until the other side is gone. With ``reads=False`` nothing is read after the first bytes. ``greets`` does not
wait for a request: what TLS or a tunnel waits for comes byte by byte.
"""

import socket
import threading
from contextlib import suppress


class Drip:
    """Listens on 127.0.0.1, on a free port."""

    def __init__(self, head=b"", slowly=b"", *, pause_seconds=0.02, reads=True, greets=False):
        self.head, self.slowly, self.pause_seconds = head, slowly, pause_seconds
        self.reads, self.greets = reads, greets
        self.came = threading.Event()
        self.connections = 0
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def host(self):
        """`127.0.0.1:port`."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self):
        """Scheme and host."""
        return f"http://{self.host}"

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        # It is the accepting thread that closes it: closing alone would leave accept waiting.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self):
        while not self._ended.is_set():
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with connection, suppress(OSError):
            if not self.greets:
                connection.recv(1)
            self.came.set()
            connection.sendall(self.head)
            connection.setblocking(False)
            while not self._ended.wait(self.pause_seconds):
                for number in range(len(self.slowly)):
                    connection.send(self.slowly[number : number + 1])
                    if self._gone(connection) or self._ended.wait(self.pause_seconds):
                        return
                if self._gone(connection):
                    return

    def _gone(self, connection):
        """Whether the other side closed; reads what it sent, unless told not to."""
        try:
            return connection.recv(1 << 16, 0 if self.reads else socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False

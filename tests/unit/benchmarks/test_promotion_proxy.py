# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy passes everything on, and counts it."""

import http.client
import http.server
import threading

import pytest

from benchmarks.promotion.proxy import BodyWatch, Proxy


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PATCH(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while length := int(self.rfile.readline(), 16):
                body += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def upstream():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def ask(connection, method, path, body=None, **headers):
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def test_requests_on_one_connection_are_passed_on_and_counted(upstream):
    with Proxy(upstream) as proxy:
        connection = http.client.HTTPConnection(proxy.host)
        assert ask(connection, "HEAD", "/v2/app/blobs/one") == (200, b"")
        assert ask(connection, "PATCH", "/v2/app/blobs/uploads/1?state=x", b"12345") == (202, b"12345")
        assert ask(connection, "PATCH", "/v2/app/manifests/1", b"not a blob") == (202, b"not a blob")
        connection.close()
        assert proxy.requests == [
            ("HEAD", "/v2/app/blobs/one"),
            ("PATCH", "/v2/app/blobs/uploads/1"),
            ("PATCH", "/v2/app/manifests/1"),
        ]
        assert proxy.uploaded_bytes == 5
        proxy.reset()
        assert (proxy.requests, proxy.uploaded_bytes) == ([], 0)


def test_a_body_in_chunks_is_passed_on_as_it_is(upstream):
    with Proxy(upstream) as proxy:
        connection = http.client.HTTPConnection(proxy.host)
        connection.request("PATCH", "/v2/app/blobs/uploads/1", iter([b"123", b"45"]), encode_chunked=True)
        assert connection.getresponse().read() == b"12345"
        connection.close()
        assert proxy.uploaded_bytes == 5


def test_a_client_that_tries_tls_is_hung_up_on(upstream):
    with Proxy(upstream) as proxy:
        connection = http.client.HTTPConnection(proxy.host)
        connection.connect()
        connection.sock.sendall(b"\x16\x03\x01\x02\x00")
        assert connection.sock.recv(1) == b""
        connection.close()


def test_what_is_held_before_it_is_passed_on_never_arrives(upstream):
    class Refuse(BodyWatch):
        def before(self, head):
            raise ConnectionAbortedError

    with Proxy(upstream, watch=Refuse()) as proxy:
        connection = http.client.HTTPConnection(proxy.host)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            ask(connection, "PATCH", "/v2/app/blobs/uploads/1", b"12345")
        connection.close()
        assert proxy.uploaded_bytes == 0

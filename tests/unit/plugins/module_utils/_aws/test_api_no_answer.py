# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is no answer of AWS, by whatever stands in between, is told as that: through botocore, over HTTP."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import AwsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.cloudformation import CloudFormation
from botocore.config import Config

PAGES = {
    "well-formed": "<html><body><h1>Sign in</h1></body></html>",
    "with a type": "<!DOCTYPE html><html><head><title>Proxy</title><meta charset=x></head><body>No</body></html>",
    "error": "<Error><Title>Blocked</Title></Error>",
    "xml": "<?xml version='1.0'?><page/>",
    "text": "Access denied by policy",
    "empty": "",
    "json": '{"reason": "blocked"}',
    "list": "[]",
}


@pytest.fixture
def proxy():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.server.page.encode()
            self.send_response(self.server.status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def client(service, proxy):
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{proxy.server_port}",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.mark.parametrize("status", [200, 302, 403, 407, 418, 502])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_cloudformation(proxy, page, status):
    proxy.page, proxy.status = page, status
    with pytest.raises(UnavailableError, match="Tried to read stack s, but"):
        CloudFormation(lambda: client("cloudformation", proxy)).describe_stack("s")


class _Any(AwsClient):
    label = "DynamoDB"

    def read(self):
        return self._call("read a table", "describe_table", TableName="abc")


@pytest.mark.parametrize("status", [403, 407, 502])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_service_that_speaks_json(proxy, page, status):
    proxy.page, proxy.status = page, status
    with pytest.raises(UnavailableError, match="Tried to read a table, but"):
        _Any(lambda: client("dynamodb", proxy)).read()


@pytest.mark.parametrize("page", ["<html>\n" + "x" * 50_000, "x\n" * 30_000])
def test_a_long_page_is_not_quoted(proxy, page):
    proxy.page, proxy.status = page, 200
    with pytest.raises(UnavailableError, match="what answered was not") as raised:
        CloudFormation(lambda: client("cloudformation", proxy)).describe_stack("s")
    assert len(raised.value.message) < 600
    assert "\n" not in raised.value.message

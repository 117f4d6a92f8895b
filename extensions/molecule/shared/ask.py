# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask a URL several times over one connection and print what came as JSON: `ask.py URL TIMES [AUTHORITY]`."""

import http.client
import json
import ssl
import sys
from urllib.parse import urlsplit

url, times, *authority = sys.argv[1:]
parts = urlsplit(url)
if parts.scheme == "https":
    trusted = ssl.create_default_context(cafile=authority[0])
    connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=trusted)
else:
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
found = []
for _ in range(int(times)):
    connection.request("GET", parts.path, headers={"User-Agent": "molecule", "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    encoding = answer.getheader("Content-Encoding", "")
    found.append({
        "status": answer.status,
        "cache": answer.getheader("X-Cache", ""),
        "encoding": encoding,
        "text": "" if encoding else body.decode(),
    })  # fmt: skip
print(json.dumps(found))

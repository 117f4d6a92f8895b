# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the service counts, in Prometheus's terms."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, Info

REQUESTS = Counter("fastbreak_http_requests_total", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "fastbreak_http_request_seconds",
    "Time to answer a request, an upload's own time included.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
UPLOAD_BYTES = Counter("fastbreak_upload_bytes_total", "Bytes of video received.")
REJECTIONS = Counter("fastbreak_rejections_total", "Videos refused at the door.", ["code"])
QUEUE_DEPTH = Gauge("fastbreak_queue_depth", "Analyses that nobody works on yet, of all replicas together.")
ANALYSES = Counter("fastbreak_analyses_total", "Analyses ended.", ["outcome"])
ANALYSIS_SECONDS = Histogram(
    "fastbreak_analysis_seconds",
    "Time from the start of an analysis to its result.",
    buckets=(1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800),
)
FRAMES = Counter("fastbreak_frames_total", "Frames analysed.")
BUILD = Info("fastbreak_build", "The release that answers.")
MESSAGES = Counter("fastbreak_messages_total", "Messages that there is work.", ["outcome"])

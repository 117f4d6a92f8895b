# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The page on which somebody says who they are. It asks for no password: this is no machine of anybody's."""

import json
from collections.abc import Mapping
from html import escape

from sandbox.services.oidc.people import Person

POLICY = "default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"
STYLE = """
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 12vh auto; padding: 0 1rem }
h1 { font-size: 1.5rem }
button { display: block; width: 100%; margin: .75rem 0; padding: .75rem 1rem; font: inherit; text-align: left }
small { display: block; opacity: .8; overflow-wrap: anywhere }
"""
_BEGINNING = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'


def login(people: Mapping[str, Person], asked: Mapping[str, str]) -> str:
    """The people to choose from, in a form that repeats what was asked."""
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
        if name != "person"
    )
    buttons = "".join(
        f'<button name="person" value="{escape(name)}">{escape(name)}'
        f"<small>{escape(json.dumps(dict(person.claims)))}</small></button>"
        for name, person in sorted(people.items())
    )
    nobody = "<p>Nobody may sign in yet: POST /_sandbox/oidc/people adds somebody.</p>"
    return _page("Who are you?", f'<form method="post" action="/authorize">{kept}{buttons or nobody}</form>')


def refusal(description: str) -> str:
    """Why nobody can sign in here."""
    return _page("This sign-in cannot go on", f"<p>{escape(description)}.</p>")


def _page(title: str, content: str) -> str:
    return f"{_BEGINNING}<title>{title}</title><style>{STYLE}</style><main><h1>{title}</h1>{content}</main></html>"

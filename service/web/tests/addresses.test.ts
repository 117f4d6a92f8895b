// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../src/api/client.ts'
import type { Session } from '../src/session.ts'

/** What a browser would send. */
class Request {
  static last: Request
  upload = {}
  status = 202
  responseText = '{"id": "a", "status": "queued"}'
  target = ''
  headers: Record<string, string> = {}
  onload = () => {}
  onloadend = () => {}

  open(method: string, url: string) {
    this.target = `${method} ${url}`
  }

  setRequestHeader(name: string, value: string) {
    this.headers[name] = value
  }

  send() {
    Request.last = this
    this.onload()
    this.onloadend()
  }
}

test('a file that is sent at once has its name in no address, where logs would have it', async () => {
  Object.assign(globalThis, { XMLHttpRequest: Request })
  const session = { headers: () => ({}), note: () => {} } as unknown as Session
  const file = new File([new Uint8Array(1)], 'J\u00f6rdan Miller, 50% \ud800.mp4', { type: 'video/mp4' })
  await new Client('/api', session).send(file, 'key', () => {}, new AbortController().signal)
  assert.equal(Request.last.target, 'POST /api/v1/analyses')
  const sent = Request.last.headers['x-fastbreak-filename'] ?? ''
  assert.match(sent, /^[!-~]+$/)
  assert.equal(decodeURIComponent(sent), 'J\u00f6rdan Miller, 50% \ufffd.mp4')
})

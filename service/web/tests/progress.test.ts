// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { ApiError, Client } from '../src/api/client.ts'
import { parseConfig } from '../src/config.ts'
import { MOST, type ServerEvent, serverEvents } from '../src/pure/events.ts'
import { isSame, type Progress, progressOf } from '../src/pure/progress.ts'
import { Session } from '../src/session.ts'

const SESSION = new Session(parseConfig({ api: '/api', issuer: '', client_id: '' }))
const { fetch } = globalThis

afterEach(() => {
  globalThis.fetch = fetch
})

async function* coming(chunks: readonly string[]): AsyncGenerator<string> {
  yield* chunks
}

async function all<T>(found: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const one of found) list.push(one)
  return list
}

const read = (...chunks: string[]) => all(serverEvents(coming(chunks)))
const status = (told: object): ServerEvent => ({ name: 'status', data: JSON.stringify(told) })

test('events are read however their stream is cut, and whatever their lines end with', async () => {
  const text =
    'retry: 2000\n\n: still there\n\nid: a.1\nevent: status\ndata: {"a":\ndata:1}\n\nevent: erased\ndata: {}\n\n'
  const wanted = [
    { name: 'status', data: '{"a":\n1}' },
    { name: 'erased', data: '{}' },
  ]
  for (const end of ['\n', '\r\n', '\r']) {
    const whole = text.replaceAll('\n', end)
    // Whether a last `\r` is half an end is not known yet.
    const told = end === '\r' ? `${whole}: more\n` : whole
    for (const length of [1, 2, 3, 7, 1000]) {
      const parts = told.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? []
      assert.deepEqual(await read(...parts), wanted, `${JSON.stringify(end)} in ${length}`)
    }
  }
})

test('half an event is none, and one without data is none', async () => {
  assert.deepEqual(await read('event: status\ndata: {}\n'), [])
  assert.deepEqual(await read('event: status\n\ndata\n\n'), [{ name: 'message', data: '' }])
})

test('a line or an event that does not end is given up', async () => {
  const line = `data: ${'x'.repeat(MOST / 2)}\n`
  await assert.rejects(read('x'.repeat(MOST), 'x'), RangeError)
  await assert.rejects(read(`${'x'.repeat(MOST + 1)}\n`), RangeError)
  await assert.rejects(read(line, line, line), RangeError)
})

test('a status tells how far it is, and anything else tells nothing', () => {
  const running = status({ status: 'running', attempt: 1, segments: 4, segments_ended: 2 })
  assert.deepEqual(progressOf(running), { status: 'running', segments: { count: 4, ended: 2 } })
  assert.deepEqual(progressOf(status({ status: 'failed', attempt: 1 })), { status: 'failed', segments: null })
  for (const other of [status({ status: 'new' }), status([]), { ...running, name: 'erased' }]) {
    assert.equal(progressOf(other), null)
  }
  assert.equal(progressOf({ name: 'status', data: 'null' }), null)
})

test('what is new in a state is its status and its parts', () => {
  const one: Progress = { status: 'running', segments: { count: 4, ended: 2 } }
  assert.equal(isSame(one, { ...one }), true)
  assert.equal(isSame(one, { ...one, segments: { count: 4, ended: 3 } }), false)
  assert.equal(isSame(one, { ...one, segments: null }), false)
  assert.equal(isSame(one, { ...one, status: 'failed' }), false)
})

/** A service that streams these; without `end` it goes on for ever. How often it was asked, and the last request. */
function streaming(text: string, { end = true, kind = 'text/event-stream', code = 200 } = {}) {
  const asked: { signal: AbortSignal }[] = []
  globalThis.fetch = async (_, how) => {
    const { signal } = how as { signal: AbortSignal }
    asked.push({ signal })
    const body = new ReadableStream({
      start(stream) {
        stream.enqueue(new TextEncoder().encode(text))
        if (end) stream.close()
        signal.addEventListener('abort', () => stream.error(signal.reason))
      },
    })
    return new Response(body, { status: code, headers: { 'content-type': kind } })
  }
  return asked
}

const told = (state: string) => `event: status\ndata: {"status": "${state}", "attempt": 1}\n\n`

test('an analysis is followed to its end, and its stream no further', async () => {
  const client = new Client('/api', SESSION)
  for (const last of [told('succeeded'), 'event: erased\ndata: {}\n\n']) {
    const asked = streaming(`${told('queued')}: still there\n\n${told('running')}${last}`, { end: false })
    const found = await all(client.progress('a', new AbortController().signal))
    assert.deepEqual(
      found.slice(0, 2).map((one) => one.status),
      ['queued', 'running'],
    )
    assert.equal(found.length, last.includes('erased') ? 2 : 3)
    assert.equal(asked[0]?.signal.aborted, true, 'the connection is given back')
  }
})

test('who does not want to know any more meets no error', async () => {
  streaming(told('queued'), { end: false })
  const control = new AbortController()
  const found: string[] = []
  for await (const { status } of new Client('/api', SESSION).progress('a', control.signal)) {
    found.push(status)
    control.abort()
  }
  assert.deepEqual(found, ['queued'])
})

test('a stream that says nothing for long is given up, and so is what is none', async (context) => {
  const client = new Client('/api', SESSION)
  const problem = () => all(client.progress('a', new AbortController().signal)).catch((error: unknown) => error)
  streaming('{"error": {"code": "followed_full", "message": "Too many."}}', { code: 429 })
  assert.match(String(await problem()), /Too many/)
  streaming('<html>', { kind: 'text/html' })
  assert.match(String(await problem()), /in the place of the service/)
  streaming('event: status\ndata: {\n\n')
  assert.equal((await problem()) instanceof ApiError, true)
  context.mock.timers.enable({ apis: ['setTimeout'] })
  streaming('', { end: false })
  const silent = problem()
  await new Promise((resolve) => setImmediate(resolve))
  context.mock.timers.tick(60_000)
  assert.match(String(await silent), /could not be reached/)
  // Nobody answers at all.
  globalThis.fetch = (_target, how) =>
    new Promise((_resolve, reject) => {
      how?.signal?.addEventListener('abort', () => reject(new Error('aborted')))
    })
  const unanswered = problem()
  await new Promise((resolve) => setImmediate(resolve))
  context.mock.timers.tick(60_000)
  assert.match(String(await unanswered), /could not be reached/)
})

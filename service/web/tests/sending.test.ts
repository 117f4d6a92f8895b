// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError, type Client } from '../src/api/client.ts'
import { Sender, SMALL_BYTES } from '../src/api/sending.ts'
import { cut, Tally } from '../src/pure/parts.ts'

const MIB = 1024 * 1024
const FILE = new File([new Uint8Array(SMALL_BYTES * 2 + 5)], 'run.mp4')

/** A service that keeps parts, and says what it was asked. `refuse` says how the storage answers a part. */
class Service {
  asked: string[] = []
  old = false
  reachable = true
  refusedBegin: ApiError | null = null
  unlinked = 0
  arrived = new Set<number>()
  refuse: (part: number, attempt: number) => number = () => 200
  expires = Date.now() + 600_000
  #attempts = new Map<number, number>()

  client(): Client {
    const say = (what: string) => this.asked.push(what)
    const upload = () => ({ id: 'u', status: 'open', part_bytes: SMALL_BYTES, arrived: [...this.arrived], error: null })
    return {
      begin: async (_: File, key: string) => {
        say(`begin ${key}`)
        if (this.old) throw new ApiError(404, 'not_found', 'nothing')
        if (this.refusedBegin !== null) throw this.refusedBegin
        return upload()
      },
      begun: async () => {
        say('begun')
        if (!this.reachable) throw new ApiError(0, 'away', 'no answer')
        return upload()
      },
      partLinks: async (_: string, after: number) => {
        say(`links ${after}`)
        const parts = [1, 2, 3].filter((number) => number > after + (this.unlinked > 0 ? 1 : 0))
        this.unlinked--
        return { parts: parts.map((number) => ({ number, url: `p${number}`, size_bytes: 0 })), expires: this.expires }
      },
      put: async (url: string, part: Blob, progress: (sent: number) => void) => {
        const number = Number(url.slice(1))
        const attempt = (this.#attempts.get(number) ?? 0) + 1
        this.#attempts.set(number, attempt)
        progress(part.size)
        const status = this.refuse(number, attempt)
        if (status === 0) throw new ApiError(0, 'part_not_sent', 'no answer')
        if (status !== 200) throw new ApiError(status, 'no_words', 'refused')
        this.arrived.add(number)
        say(`part ${number} of ${part.size}`)
      },
      complete: async () => {
        say('complete')
        return { id: 'u', status: 'queued' }
      },
      giveUp: async () => say('give up'),
      send: async (file: File) => {
        say(`at once ${file.size}`)
        return { id: 'a', status: 'queued' }
      },
    } as unknown as Client
  }
}

const sent = async (service: Service, file = FILE, sender = new Sender(service.client(), 0)) => {
  const told: number[] = []
  const control = new AbortController()
  const accepted = await sender.send(file, 'key', (bytes) => told.push(bytes), control.signal)
  return { accepted, told }
}

test('a file is cut into parts that make it up', () => {
  assert.deepEqual(cut(5, 2), [
    { number: 1, begin: 0, end: 2 },
    { number: 2, begin: 2, end: 4 },
    { number: 3, begin: 4, end: 5 },
  ])
  assert.equal(cut(4, 2).length, 2)
  const tally = new Tally()
  tally.note(1, 1)
  tally.note(2, 2)
  tally.note(1, null)
  for (const part of cut(5, 2).slice(1)) tally.add(part)
  assert.equal(tally.sent, 3)
})

test('a small video is sent at once', async () => {
  const service = new Service()
  await sent(service, new File([new Uint8Array(5)], 'run.mp4'))
  assert.deepEqual(service.asked, ['at once 5'])
})

test('a large one is sent in parts, and what is there already is not sent again', async () => {
  const service = new Service()
  service.arrived.add(2)
  const { accepted, told } = await sent(service)
  assert.deepEqual(accepted, { id: 'u', status: 'queued' })
  assert.deepEqual(service.asked.filter((one) => one.startsWith('part')).sort(), [
    `part 1 of ${8 * MIB}`,
    'part 3 of 5',
  ])
  assert.equal(service.asked.at(-1), 'complete')
  assert.equal(told[0], 8 * MIB)
  assert.equal(told.at(-1), FILE.size)
})

test('a part that is refused goes by another link, and one that never gets there ends it', async () => {
  const service = new Service()
  service.refuse = (part, attempt) => (part === 2 && attempt === 1 ? 403 : part === 3 && attempt < 4 ? 0 : 200)
  await sent(service)
  assert.equal(service.arrived.size, 3)
  assert.ok(service.asked.includes('links 1'))
  const broken = new Service()
  broken.refuse = (part) => (part === 3 ? 503 : 200)
  await assert.rejects(sent(broken), (error: ApiError) => error.status === 503)
  const gone = new Service()
  gone.refuse = (part) => (part === 1 ? 200 : 404)
  await assert.rejects(sent(gone), (error: ApiError) => error.status === 404)
  assert.equal(gone.asked.includes('give up'), false)
})

test('links that have run out are not used', async () => {
  const service = new Service()
  service.expires = Date.now()
  await sent(service)
  assert.deepEqual(service.asked.filter((one) => one.startsWith('links')).sort(), ['links 0', 'links 1', 'links 2'])
})

test('where the storage cannot be reached the service takes the video', async () => {
  const service = new Service()
  service.refuse = () => 0
  const sender = new Sender(service.client(), 0)
  const { accepted } = await sent(service, FILE, sender)
  assert.equal(accepted.id, 'a')
  assert.deepEqual(service.asked, ['begin key', 'links 0', 'links 0', 'begun', 'give up', `at once ${FILE.size}`])
  await sent(service, FILE, sender)
  assert.equal(service.asked.at(-1), `at once ${FILE.size}`)
  assert.equal(service.asked.length, 7)
})

test('a lost connection is no closed way: it is waited for', async () => {
  const service = new Service()
  service.reachable = false
  service.refuse = (part, attempt) => (part === 1 && attempt < 4 ? 0 : 200)
  const { accepted } = await sent(service)
  assert.equal(accepted.id, 'u')
  const lost = new Service()
  lost.reachable = false
  lost.refuse = () => 0
  await assert.rejects(sent(lost), (error: ApiError) => error.code === 'part_not_sent')
  assert.equal(lost.asked.includes('give up'), false)
})

test('what has ended before its first part, or has no place, is sent at once; the next one in parts', async () => {
  for (const status of [404, 410]) {
    const service = new Service()
    service.refuse = (part, attempt) => (part === 1 && attempt === 1 ? status : 200)
    const sender = new Sender(service.client(), 0)
    assert.equal((await sent(service, FILE, sender)).accepted.id, 'a')
    assert.equal((await sent(service, FILE, sender)).accepted.id, 'u')
  }
  for (const refused of [new ApiError(410, 'upload_ended', ''), new ApiError(429, 'uploads_full', '')]) {
    const service = new Service()
    service.refusedBegin = refused
    assert.equal((await sent(service)).accepted.id, 'a')
  }
  const full = new Service()
  full.refusedBegin = new ApiError(429, 'quota_stored', 'the team keeps 1 GiB of 1 GiB')
  await assert.rejects(sent(full), (error: ApiError) => error.message === 'the team keeps 1 GiB of 1 GiB')
  assert.deepEqual(full.asked, ['begin key'])
  const away = new Service()
  away.refusedBegin = new ApiError(503, 'storage_unavailable', '')
  await assert.rejects(sent(away), (error: ApiError) => error.status === 503)
})

test('a part without a link is asked for again, and sent nowhere meanwhile', async () => {
  const service = new Service()
  service.unlinked = 1
  await sent(service)
  assert.deepEqual(service.asked.slice(0, 4), ['begin key', 'links 0', 'links 0', `part 1 of ${8 * MIB}`])
})

test('what is stopped while it is announced is given up', async () => {
  const service = new Service()
  const control = new AbortController()
  const sending = new Sender(service.client(), 0).send(FILE, 'key', () => undefined, control.signal)
  control.abort()
  await assert.rejects(sending, (error: ApiError) => error.code === 'aborted')
  assert.deepEqual(service.asked, ['begin key', 'give up'])
})

test('a service of a release before takes the video as it always did', async () => {
  const service = new Service()
  service.old = true
  await sent(service)
  assert.deepEqual(service.asked, ['begin key', `at once ${FILE.size}`])
})

test('what is stopped is given up', async () => {
  const service = new Service()
  const control = new AbortController()
  service.refuse = (part) => {
    if (part === 2) control.abort()
    return part === 2 ? 0 : 200
  }
  await assert.rejects(new Sender(service.client(), 0).send(FILE, 'key', () => undefined, control.signal))
  assert.equal(service.asked.includes('complete'), false)
  assert.ok(service.asked.includes('give up'))
})

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patiently } from '../src/pure/patience.ts'

const SOON = [1, 1]

/** Fails with these, one a try, and then answers. */
function failing(...errors: unknown[]): { ask: () => Promise<string>; tries: () => number } {
  let tries = 0
  const ask = async () => {
    const error = errors[tries]
    tries += 1
    if (error !== undefined) throw error
    return 'answered'
  }
  return { ask, tries: () => tries }
}

test('what the network dropped is asked again', async () => {
  const { ask, tries } = failing(new TypeError('Failed to fetch'), new TypeError('Failed to fetch'))
  assert.equal(await patiently(ask, null, SOON), 'answered')
  assert.equal(tries(), 3)
})

test('it is not asked for ever', async () => {
  const dropped = Array.from({ length: 9 }, () => new TypeError('Failed to fetch'))
  const { ask, tries } = failing(...dropped)
  await assert.rejects(patiently(ask, null, SOON), dropped[2])
  assert.equal(tries(), 3)
})

test('another error is told at once', async () => {
  for (const error of [new Error('no'), Object.assign(new TypeError('no'), { code: 'OAUTH_INVALID_RESPONSE' })]) {
    const { ask, tries } = failing(error)
    await assert.rejects(patiently(ask, null, SOON), error)
    assert.equal(tries(), 1)
  }
})

test('whoever has left is not asked for', async () => {
  const left = new AbortController()
  const { ask, tries } = failing(new TypeError('Failed to fetch'))
  const asked = patiently(ask, left.signal, [20])
  left.abort()
  await assert.rejects(asked)
  assert.equal(tries(), 1)
})

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { ApiError, Client } from '../src/api/client.ts'
import { ConfigError, loadConfig, parseConfig } from '../src/config.ts'
import { nameOf, ownPath, reasonOf, Session } from '../src/session.ts'

const GOOD = { api: '/api/', issuer: 'https://issuer.example', client_id: 'console' }
const CONFIG = parseConfig(GOOD)
const { fetch } = globalThis

afterEach(() => {
  globalThis.fetch = fetch
})

/** Every request is answered like this. */
function answered(text: string, status = 200): void {
  globalThis.fetch = async () => new Response(text, { status })
}

test('a configuration has what signing in needs besides', () => {
  const more = { scope: 'openid profile', parameters: { audience: 'fastbreak' }, max_upload_bytes: 5 }
  assert.deepEqual(parseConfig(GOOD), {
    api: '/api',
    issuer: 'https://issuer.example',
    clientId: 'console',
    scope: 'openid',
    parameters: {},
    maxUploadBytes: null,
  })
  const told = parseConfig({ ...GOOD, ...more })
  assert.deepEqual([told.scope, told.parameters, told.maxUploadBytes], ['openid profile', { audience: 'fastbreak' }, 5])
  assert.equal(parseConfig({ api: 'https://api.example', issuer: '', client_id: '' }).api, 'https://api.example')
})

test('a configuration that cannot work is refused in words', () => {
  for (const wrong of [
    null,
    {},
    { ...GOOD, issuer: 'http://issuer.example' },
    { ...GOOD, client_id: '' },
    ...['', '/', 'api', '//api', 'https://'].map((api) => ({ ...GOOD, api })),
    { ...GOOD, scope: 'profile' },
    { ...GOOD, parameters: ['audience'] },
    { ...GOOD, parameters: { audience: 1 } },
    ...[0, -1, 1.5, '5'].map((max_upload_bytes) => ({ ...GOOD, max_upload_bytes })),
  ]) {
    assert.throws(() => parseConfig(wrong), /config\.json/, JSON.stringify(wrong))
  }
})

test('the publisher is blamed for the configuration alone, not for the way to it', async () => {
  const blamed = async () => (await loadConfig().catch((error: unknown) => error)) instanceof ConfigError
  answered('<html>')
  assert.equal(await blamed(), true)
  answered('', 404)
  assert.equal(await blamed(), true)
  answered('', 503)
  assert.equal(await blamed(), false)
  globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'))
  assert.equal(await blamed(), false)
})

test('what is not the service answers in our words', async () => {
  const client = new Client('/api', new Session(CONFIG))
  const told = async () => (await client.analyses(null).catch((error: unknown) => error)) as ApiError
  answered('<html>Log in to the hotel</html>')
  assert.ok((await told()) instanceof ApiError)
  assert.match((await told()).message, /on the way/)
  answered('<html>', 502)
  assert.deepEqual([(await told()).code, (await told()).status], ['no_words', 502])
  globalThis.fetch = async () =>
    new Response(new ReadableStream({ start: (control) => control.error(new TypeError('network error')) }))
  assert.deepEqual([(await told()).code, (await told()).status], ['away', 0])
})

test('a sign-in that was never taken has not ended', async () => {
  const session = new Session(CONFIG)
  const client = new Client('/api', session)
  const refused = JSON.stringify({ error: { code: 'unauthenticated', message: 'There is no claim team.' } })
  answered(refused, 401)
  await assert.rejects(client.analyses(null))
  assert.match(session.ended('There is no claim team.'), /no claim team.*your account or.*the issuer/)
  answered(refused, 403)
  await assert.rejects(client.analyses(null))
  assert.match(session.ended('It is old.'), /^Your sign-in has ended\. It is old\./)
})

test('somebody has the name that people know', () => {
  assert.equal(nameOf({ sub: 'a81f', name: 'Ada Example', preferred_username: 'ada' }), 'ada')
  assert.equal(nameOf({ sub: 'a81f', name: 'Ada Example', preferred_username: '' }), 'Ada Example')
  assert.equal(nameOf({ sub: 'a81f' }), 'a81f')
  assert.equal(nameOf(undefined), '')
})

test('a path is of this site', () => {
  assert.equal(ownPath('//evil.example/a'), '/evil.example/a')
  assert.equal(ownPath('/analyses/1'), '/analyses/1')
  assert.equal(ownPath(''), '/')
})

test('why a sign-in failed is told in our words', () => {
  assert.match(reasonOf(new TypeError('Failed to fetch')), /could not be reached/)
  const coded = Object.assign(new Error('unexpected JWT "iss"'), { code: 'OAUTH_INVALID_RESPONSE' })
  assert.match(reasonOf(coded), /\(OAUTH_INVALID_RESPONSE\).*issuer’s settings/)
})

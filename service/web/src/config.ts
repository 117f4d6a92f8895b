// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** What this site was told at its release: `config.json` beside it. */

import { patiently } from './pure/patience.ts'

export interface Config {
  /** The path or address under which the service is asked. */
  api: string
  /** The issuer of tokens; empty where the service is open. */
  issuer: string
  clientId: string
  /** What the issuer is asked for. */
  scope: string
  /** What the issuer wants besides on the way to its page, such as the audience of the access token. */
  parameters: Readonly<Record<string, string>>
  /** The largest video that the service takes; null where the site was not told. */
  maxUploadBytes: number | null
}

/** What whoever publishes the site has to mend. */
export class ConfigError extends Error {}

/** The configuration that a text holds. Throws ConfigError. */
export function parseConfig(content: unknown): Config {
  const told = (typeof content === 'object' && content !== null ? content : {}) as Record<string, unknown>
  const { api, issuer, client_id: clientId, scope = 'openid', parameters = {}, max_upload_bytes: most = null } = told
  if (typeof api !== 'string' || typeof issuer !== 'string' || typeof clientId !== 'string') {
    throw new ConfigError('config.json does not name api, issuer and client_id.')
  }
  if (!/^(\/|https?:\/\/)[^/]/.test(api)) {
    throw new ConfigError('config.json names an api that is neither a path such as /api nor an address with https.')
  }
  if (issuer !== '' && !issuer.startsWith('https://'))
    throw new ConfigError('config.json names an issuer without https.')
  if (issuer !== '' && clientId === '') throw new ConfigError('config.json names an issuer and no client_id.')
  if (typeof scope !== 'string' || !scope.split(' ').includes('openid')) {
    throw new ConfigError('config.json names a scope without openid.')
  }
  if (!isTexts(parameters)) throw new ConfigError('config.json names parameters that are not texts by name.')
  if (most !== null && !(typeof most === 'number' && Number.isSafeInteger(most) && most > 0)) {
    throw new ConfigError('config.json names a max_upload_bytes that is no whole number above 0.')
  }
  return { api: api.replace(/\/+$/, ''), issuer, clientId, scope, parameters, maxUploadBytes: most }
}

function isTexts(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((text) => typeof text === 'string')
}

/** The site's configuration. Throws ConfigError for what its publisher has to mend, another error for the way to it. */
export async function loadConfig(): Promise<Config> {
  const answer = await patiently(() => fetch('/config.json', { cache: 'no-cache' }))
  if (answer.status === 429 || answer.status >= 500) throw new Error(`config.json was answered with ${answer.status}.`)
  if (!answer.ok) throw new ConfigError(`config.json could not be read (${answer.status}).`)
  const text = await answer.text()
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw new ConfigError('config.json is not JSON.')
  }
  return parseConfig(content)
}

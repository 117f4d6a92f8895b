// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** What this site was told at its release: `config.json` beside it. */

export interface Config {
  /** The path or address under which the service is asked. */
  api: string
  /** The issuer of tokens; empty where the service is open. */
  issuer: string
  clientId: string
}

export class ConfigError extends Error {}

/** The configuration that a text holds. Throws ConfigError. */
export function parseConfig(content: unknown): Config {
  const told = (typeof content === 'object' && content !== null ? content : {}) as Record<string, unknown>
  const { api, issuer, client_id: clientId } = told
  if (typeof api !== 'string' || typeof issuer !== 'string' || typeof clientId !== 'string') {
    throw new ConfigError('config.json does not name api, issuer and client_id.')
  }
  if (issuer !== '' && !issuer.startsWith('https://'))
    throw new ConfigError('config.json names an issuer without https.')
  if (issuer !== '' && clientId === '') throw new ConfigError('config.json names an issuer and no client_id.')
  return { api: api.replace(/\/+$/, ''), issuer, clientId }
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch('/config.json', { cache: 'no-cache' })
  if (!answer.ok) throw new ConfigError(`config.json could not be read (${answer.status}).`)
  return parseConfig(await answer.json())
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/**
 * Signing in: authorization code with PKCE. Tokens are in this page's memory alone; what is stored for the way to the
 * issuer and back is of no use to anybody without the code, and is taken out when it is read.
 */

import * as oauth from 'oauth4webapi'
import type { Config } from './config.ts'
import { isOfTheWay, patiently } from './pure/patience.ts'

const KEPT = 'fastbreak-sign-in'

interface Kept {
  verifier: string
  state: string
  nonce: string
  path: string
}

export class SignInError extends Error {}

export class Session {
  #config: Config
  #server: oauth.AuthorizationServer | null = null
  #token: string | null = null
  #identity: string | null = null
  #until = 0
  #taken = false
  /** Who has signed in. */
  person = ''

  constructor(config: Config) {
    this.#config = config
  }

  /** Whether the service asks for nobody. */
  get open(): boolean {
    return this.#config.issuer === ''
  }

  get signedIn(): boolean {
    return this.open || (this.#token !== null && Date.now() < this.#until)
  }

  /** What a request says of whoever makes it. */
  headers(): Record<string, string> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }
  }

  /** What the service answered to the token: once it takes one, a refusal later means that its time has ended. */
  note(status: number): void {
    if (status < 300 || status === 403) this.#taken = true
  }

  /** Why there has to be another sign-in, or why that would not help, with the service's own words. */
  ended(words: string): string {
    return this.#taken
      ? `Your sign-in has ended. ${words} Sign in again to go on where you were.`
      : `The service did not take your sign-in. It says: “${words}” Another sign-in will not change that: something ` +
          'is wrong with your account or with the settings of the issuer. Tell whoever manages them.'
  }

  /** Go to the issuer, and come back to where one is now. */
  async signIn(): Promise<void> {
    const server = await this.#discover()
    if (server.authorization_endpoint === undefined) throw new SignInError('The issuer has no page to sign in on.')
    const kept: Kept = {
      verifier: oauth.generateRandomCodeVerifier(),
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      path: ownPath(location.pathname),
    }
    sessionStorage.setItem(KEPT, JSON.stringify(kept))
    const target = new URL(server.authorization_endpoint)
    for (const [name, value] of Object.entries({
      ...this.#config.parameters,
      client_id: this.#config.clientId,
      redirect_uri: home(),
      response_type: 'code',
      scope: this.#config.scope,
      code_challenge: await oauth.calculatePKCECodeChallenge(kept.verifier),
      code_challenge_method: 'S256',
      state: kept.state,
      nonce: kept.nonce,
    })) {
      target.searchParams.set(name, value)
    }
    location.assign(target)
  }

  /** Take the issuer's answer out of the address, if there is one, and change its code for tokens. */
  async complete(): Promise<void> {
    const address = new URL(location.href)
    if (!address.searchParams.has('state')) return
    const text = sessionStorage.getItem(KEPT)
    sessionStorage.removeItem(KEPT)
    const kept = text === null ? null : (JSON.parse(text) as Kept)
    history.replaceState(null, '', ownPath(kept?.path ?? '/'))
    if (kept === null) throw new SignInError('This sign-in was begun somewhere else.')
    const server = await this.#discover()
    const client: oauth.Client = { client_id: this.#config.clientId }
    const told = oauth.validateAuthResponse(server, client, address, kept.state)
    const answer = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), told, home(), kept.verifier)
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
      expectedNonce: kept.nonce,
      requireIdToken: true,
    })
    this.#token = tokens.access_token
    this.#identity = tokens.id_token ?? null
    this.#until = Date.now() + (tokens.expires_in ?? 300) * 1000
    this.#taken = false
    this.person = nameOf(oauth.getValidatedIdTokenClaims(tokens))
  }

  /** Forget who it was, here and, where it has a page for that, at the issuer. */
  signOut(): void {
    const end = this.#server?.end_session_endpoint
    const hint = this.#identity
    this.forget()
    if (end === undefined || hint === null) return
    const target = new URL(end)
    target.searchParams.set('id_token_hint', hint)
    target.searchParams.set('client_id', this.#config.clientId)
    target.searchParams.set('post_logout_redirect_uri', home())
    location.assign(target)
  }

  /** The service does not take the token any more. */
  forget(): void {
    this.#token = this.#identity = null
    this.#until = 0
    this.person = ''
  }

  async #discover(): Promise<oauth.AuthorizationServer> {
    if (this.#server === null) {
      const issuer = new URL(this.#config.issuer)
      const answer = await patiently(() => oauth.discoveryRequest(issuer))
      this.#server = await oauth.processDiscoveryResponse(issuer, answer)
    }
    return this.#server
  }
}

/** The one address to which the issuer sends people back. */
function home(): string {
  return `${location.origin}/`
}

/** A path of this site: with two slashes it would name another host. */
export function ownPath(path: string): string {
  return path.replace(/^[/\\]*/, '/')
}

/** What somebody is called by people, if the issuer tells that. */
export function nameOf(claims: Readonly<Record<string, unknown>> | undefined): string {
  const names = [claims?.preferred_username, claims?.name, claims?.sub]
  return names.find((name): name is string => typeof name === 'string' && name !== '') ?? ''
}

/** Why a sign-in failed, in words. */
export function reasonOf(error: unknown): string {
  if (error instanceof oauth.AuthorizationResponseError)
    return `The issuer refused: ${error.error_description ?? error.error}.`
  if (error instanceof oauth.ResponseBodyError) return `The issuer refused: ${error.error_description ?? error.error}.`
  if (error instanceof SignInError) return error.message
  if (isOfTheWay(error)) return 'The issuer could not be reached. Try again.'
  const code = (error as { code?: unknown }).code
  const shown = typeof code === 'string' ? ` (${code})` : ''
  return (
    `The issuer’s answer is not one that this site can take${shown}. ` +
    'Whoever publishes the site has to compare its issuer and client_id with the issuer’s settings.'
  )
}

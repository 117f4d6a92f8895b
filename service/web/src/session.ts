// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/**
 * Signing in: authorization code with PKCE. Tokens are in this page's memory alone; what is stored for the way to the
 * issuer and back is of no use to anybody without the code, and is taken out when it is read.
 */

import * as oauth from 'oauth4webapi'
import type { Config } from './config.ts'

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

  /** Go to the issuer, and come back to where one is now. */
  async signIn(): Promise<void> {
    const server = await this.#discover()
    if (server.authorization_endpoint === undefined) throw new SignInError('The issuer has no page to sign in on.')
    const kept: Kept = {
      verifier: oauth.generateRandomCodeVerifier(),
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      path: location.pathname,
    }
    sessionStorage.setItem(KEPT, JSON.stringify(kept))
    const target = new URL(server.authorization_endpoint)
    for (const [name, value] of Object.entries({
      client_id: this.#config.clientId,
      redirect_uri: home(),
      response_type: 'code',
      scope: 'openid',
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
    history.replaceState(null, '', kept?.path ?? '/')
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
    this.person = oauth.getValidatedIdTokenClaims(tokens)?.sub ?? ''
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
      this.#server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))
    }
    return this.#server
  }
}

/** The one address to which the issuer sends people back. */
function home(): string {
  return `${location.origin}/`
}

/** Why a sign-in failed, in words. */
export function reasonOf(error: unknown): string {
  if (error instanceof oauth.AuthorizationResponseError)
    return `The issuer refused: ${error.error_description ?? error.error}.`
  if (error instanceof oauth.ResponseBodyError) return `The issuer refused: ${error.error_description ?? error.error}.`
  if (error instanceof TypeError) return 'The issuer could not be reached.'
  return error instanceof Error ? error.message : 'Something went wrong.'
}

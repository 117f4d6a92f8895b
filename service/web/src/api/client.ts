// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** The service's interface, typed by its own description. */

import type { Page } from '../pure/paging.ts'
import type { Session } from '../session.ts'
import type { components, paths } from './schema.ts'

export type Schemas = components['schemas']
export type Listed = Schemas['Listed']
export type Analysis = Schemas['Analysis']
export type Finding = Schemas['Finding']
export type Review = Schemas['Review']
export type Event = Schemas['Event']
export type FootageLink = { url: string; expires: number }

type Get<P extends keyof paths> = paths[P]['get'] extends {
  parameters: { query?: infer Query }
  responses: { 200: { content: { 'application/json': infer Body } } }
}
  ? { query: Query; body: Body }
  : never

/** What the service or the way to it refused, in words for people. `code` is the service's, or of the way. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

const AWAY = 'The service could not be reached. Check the connection; this page tries again.'
const CUT = 'The connection broke, or it is larger than the service takes. Send it again: nothing is taken twice.'

/** The error that an answer tells of. */
export function refusal(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as Schemas['Problem']
    return new ApiError(status, error.code, error.message)
  } catch {
    return new ApiError(status, 'no_words', `The service answered ${status} without words. Try again in a minute.`)
  }
}

/** What an answer holds. Throws ApiError where it is not the service's: something on the way answered. */
function read<T>(status: number, text: string): T {
  try {
    return JSON.parse(text) as T
  } catch {
    const told = `Something on the way answered ${status} in the place of the service. Try again in a minute.`
    throw new ApiError(status, 'no_words', told)
  }
}

const REVIEWS = '/v1/analyses/{id}/findings/{number}/reviews'

/** A path with parts in the place of its braces. */
function filled(path: string, parts: readonly (string | number)[]): string {
  const left = [...parts]
  return path.replace(/\{\w+\}/g, () => encodeURIComponent(String(left.shift() ?? '')))
}

export class Client {
  #base: string
  #session: Session

  constructor(base: string, session: Session) {
    this.#base = base
    this.#session = session
  }

  /** What a path answers; `parts` go into the braces of the path, in their order. */
  get<P extends keyof paths>(
    path: P,
    query: NonNullable<Get<P>['query']>,
    signal?: AbortSignal,
    ...parts: readonly (string | number)[]
  ): Promise<Get<P>['body']> {
    const told = Object.entries(query).filter(([, value]) => value !== undefined && value !== null)
    const asked = new URLSearchParams(told.map(([name, value]) => [name, String(value)])).toString()
    return this.#ask(filled(path, parts) + (asked && `?${asked}`), signal ? { signal } : {})
  }

  async #ask<T>(target: string, how: RequestInit): Promise<T> {
    let answer: Response
    let text: string
    try {
      answer = await fetch(this.#base + target, { ...how, headers: { ...how.headers, ...this.#session.headers() } })
      text = await answer.text()
    } catch (error) {
      if (how.signal?.aborted) throw error
      throw new ApiError(0, 'away', AWAY)
    }
    this.#session.note(answer.status)
    if (!answer.ok) throw refusal(answer.status, text)
    return read<T>(answer.status, text)
  }

  /** Where the video is to be had for a while. */
  async footage(id: string, signal: AbortSignal): Promise<FootageLink> {
    const target = `/v1/analyses/${encodeURIComponent(id)}/footage-links`
    const { url, expires_at } = await this.#ask<Schemas['FootageLink']>(target, { method: 'POST', signal })
    return { url: url.startsWith('/') ? this.#base + url : url, expires: Date.parse(expires_at) }
  }

  /** `awaiting`: those alone that wait for a reviewer. `own`: what one sent oneself is all that one may see. */
  async analyses(
    after: string | null,
    awaiting = false,
    signal?: AbortSignal,
  ): Promise<Page<Listed> & { own: boolean }> {
    const query = { limit: 20, ...(after && { after }), ...(awaiting && { awaits_review: true }) }
    const page = await this.get('/v1/analyses', query, signal)
    return { items: page.analyses, next: page.next, own: page.own }
  }

  analysis(id: string, signal?: AbortSignal): Promise<Analysis> {
    return this.get('/v1/analyses/{id}', {} as never, signal, id)
  }

  async measures(id: string, person: number, after: string | null, signal: AbortSignal) {
    const query = { person, limit: 10_000, ...(after && { after }) }
    const page = await this.get('/v1/analyses/{id}/measures', query, signal, id)
    return { items: page.measures, next: page.next }
  }

  async poses(id: string, after: string | null, signal: AbortSignal) {
    const page = await this.get('/v1/analyses/{id}/poses', { limit: 1_000, ...(after && { after }) }, signal, id)
    return { items: page.poses, next: page.next, joints: page.joints }
  }

  async events(id: string, after: string | null, signal: AbortSignal) {
    const page = await this.get('/v1/analyses/{id}/events', { limit: 1_000, ...(after && { after }) }, signal, id)
    return { items: page.events, next: page.next }
  }

  async findings(id: string, after: string | null, signal: AbortSignal) {
    const page = await this.get('/v1/analyses/{id}/findings', { limit: 1_000, ...(after && { after }) }, signal, id)
    return { items: page.findings, next: page.next }
  }

  /** What was said of a finding, newest first. */
  async reviews(id: string, finding: number): Promise<readonly Review[]> {
    return (await this.get(REVIEWS, { limit: 1_000 }, undefined, id, finding)).reviews
  }

  async newestReview(id: string, finding: number): Promise<Review | null> {
    return (await this.get(REVIEWS, { limit: 1 }, undefined, id, finding)).reviews[0] ?? null
  }

  /** Say what is to be thought of a finding, whose newest review was the version `seen`; 0: there was none. */
  review(id: string, finding: number, seen: number, said: Schemas['NewReview']): Promise<Review> {
    const headers = { 'content-type': 'application/json', 'if-match': `"${seen}"` }
    return this.#ask(filled(REVIEWS, [id, finding]), { method: 'POST', headers, body: JSON.stringify(said) })
  }

  /** Send a video. `fetch` tells nothing of how far an upload is, so this is the older way. */
  send(file: File, key: string, progress: (sent: number) => void, signal: AbortSignal): Promise<Schemas['Accepted']> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      request.open('POST', `${this.#base}/v1/analyses?${new URLSearchParams({ filename: file.name })}`)
      const type = file.type.startsWith('video/') ? file.type : 'application/octet-stream'
      const headers = { ...this.#session.headers(), 'content-type': type, 'idempotency-key': key }
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
      request.upload.onprogress = (event) => progress(event.loaded)
      request.onload = () => {
        this.#session.note(request.status)
        if (request.status !== 202) reject(refusal(request.status, request.responseText))
        else resolve(new Promise((told) => told(read(request.status, request.responseText))))
      }
      request.onerror = () => reject(new ApiError(0, 'away', CUT))
      request.onabort = () => reject(new ApiError(0, 'aborted', 'The upload was stopped.'))
      signal.addEventListener('abort', () => request.abort())
      request.send(file)
    })
  }
}

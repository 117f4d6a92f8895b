// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** The service's interface, typed by its own description. */

import { serverEvents } from '../pure/events.ts'
import { type Page, pages } from '../pure/paging.ts'
import { patiently } from '../pure/patience.ts'
import { isOver, type Progress, progressOf } from '../pure/progress.ts'
import type { Session } from '../session.ts'
import type { components, paths } from './schema.ts'

export type Schemas = components['schemas']
export type Listed = Schemas['Listed']
export type Analysis = Schemas['Analysis']
export type Finding = Schemas['Finding']
export type Review = Schemas['Review']
export type Correction = Schemas['Correction']
/** What one says of who is who. */
export type Said = Schemas['NewCorrection']
export type Doubt = Schemas['Doubt']
export type PlayerNamed = Schemas['Player']
export type OwnFinding = Schemas['OwnFinding']
export type Event = Schemas['Event']
export type PartLink = Schemas['PartLink']
export type Upload = Schemas['Upload']
export type Erasure = Schemas['Erasure']
/** What is on record of an erasure, and why the video is not gone yet; empty: it is. */
export type Erased = { certificate: Erasure; left: string }
/** What becomes of the video of somebody who is erased. */
export type Remains = 'blur' | 'delete'
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
export const STOPPED = 'The upload was stopped.'
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
    throw stranger(status)
  }
}

function stranger(status: number): ApiError {
  const told = `Something on the way answered ${status} in the place of the service. Try again in a minute.`
  return new ApiError(status, 'no_words', told)
}

/** The text of a stream as it comes; `silence` is aborted when nothing does for long. */
async function* texts(body: ReadableStream<Uint8Array<ArrayBuffer>>, silence: AbortController): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const timer = setTimeout(() => silence.abort(), SILENCE)
    const { done, value } = await reader.read().finally(() => clearTimeout(timer))
    if (done) return
    yield value
  }
}

/** Milliseconds after which a stream that says nothing is taken for a broken one: the service says something each 15 s. */
const SILENCE = 45_000

const PLAYER = '/v1/analyses/{id}/persons/{person}/player'
const CORRECTIONS = '/v1/analyses/{id}/corrections'
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
    const once = async () => {
      const headers = { ...how.headers, ...this.#session.headers() }
      const got = await fetch(this.#base + target, { ...how, headers })
      return [got, await got.text()] as const
    }
    let answer: Response
    let text: string
    try {
      ;[answer, text] = how.method === undefined ? await patiently(once, how.signal) : await once()
    } catch (error) {
      if (how.signal?.aborted) throw error
      throw new ApiError(0, 'away', AWAY)
    }
    this.#session.note(answer.status)
    if (!answer.ok) throw refusal(answer.status, text)
    if (answer.status === 204) return undefined as T
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

  /**
   * How far an analysis is, as it changes, until it has ended, the stream does, or `signal` is aborted, which is no
   * error. Throws ApiError where it is not told.
   */
  async *progress(id: string, signal: AbortSignal): AsyncGenerator<Progress> {
    const silence = new AbortController()
    // Until the stream begins; from then on each piece has its own time.
    const unanswered = setTimeout(() => silence.abort(), SILENCE)
    const either = AbortSignal.any([signal, silence.signal])
    try {
      const body = await this.#stream(`/v1/analyses/${encodeURIComponent(id)}/progress`, either)
      clearTimeout(unanswered)
      for await (const event of serverEvents(texts(body, silence))) {
        const told = progressOf(event)
        if (told !== null) yield told
        if (event.name === 'erased' || (told !== null && isOver(told.status))) return
      }
    } catch (error) {
      if (signal.aborted) return
      throw error instanceof ApiError ? error : new ApiError(0, 'away', AWAY)
    } finally {
      clearTimeout(unanswered)
      silence.abort()
    }
  }

  async #stream(target: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const headers = { accept: 'text/event-stream', ...this.#session.headers() }
    const answer = await fetch(this.#base + target, { headers, signal, cache: 'no-store' })
    this.#session.note(answer.status)
    if (!answer.ok) throw refusal(answer.status, await answer.text())
    const kind = answer.headers.get('content-type') ?? ''
    if (answer.body === null || !kind.startsWith('text/event-stream')) throw stranger(answer.status)
    return answer.body
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

  /** Where it is in doubt who is who; of very many doubts the first. */
  async doubts(id: string, signal: AbortSignal): Promise<readonly Doubt[]> {
    return (await this.get('/v1/analyses/{id}/doubts', { limit: 1_000 }, signal, id)).doubts
  }

  /** What was said of who is who, newest first. */
  corrections(id: string, signal: AbortSignal): Promise<Schemas['Corrections']> {
    return this.get(CORRECTIONS, { limit: 1_000 }, signal, id)
  }

  /** Say who is who, or undo what was said; the newest that one saw was the version `seen`; 0: there was none. */
  correct(id: string, seen: number, said: Said): Promise<Correction> {
    const headers = { 'content-type': 'application/json', 'if-match': `"${seen}"` }
    return this.#ask(filled(CORRECTIONS, [id]), { method: 'POST', headers, body: JSON.stringify(said) })
  }

  /** Who is which player of the team. */
  async players(id: string, signal: AbortSignal): Promise<readonly PlayerNamed[]> {
    return (await this.get('/v1/analyses/{id}/players', {} as never, signal, id)).players
  }

  /** Say which player a person is, of whom the corrections that one saw were of this version. */
  namePlayer(id: string, person: number, seen: number, player: string): Promise<PlayerNamed> {
    const headers = { 'content-type': 'application/json', 'if-match': `"${seen}"` }
    return this.#ask(filled(PLAYER, [id, person]), { method: 'PUT', headers, body: JSON.stringify({ player }) })
  }

  /** Say that nobody knows which player a person is. */
  unnamePlayer(id: string, person: number, seen: number): Promise<void> {
    return this.#ask(filled(PLAYER, [id, person]), { method: 'DELETE', headers: { 'if-match': `"${seen}"` } })
  }

  /** Erase an analysis for good. */
  erase(id: string): Promise<Erased> {
    return this.#erased(`/v1/analyses/${encodeURIComponent(id)}`, id, null)
  }

  /** Erase one person of an analysis for good, out of its video or with it. Its certificate, whenever it is asked for again. */
  erasePerson(id: string, person: number, footage: Remains): Promise<Erased> {
    const target = filled('/v1/analyses/{id}/persons/{person}', [id, person])
    return this.#erased(`${target}?footage=${footage}`, id, person)
  }

  /** Where the storage does not delete the video at the moment, all the rest of it is gone already, and is on record. */
  async #erased(target: string, id: string, person: number | null): Promise<Erased> {
    try {
      return { certificate: await this.#ask<Erasure>(target, { method: 'DELETE' }), left: '' }
    } catch (error) {
      const known = error instanceof ApiError && error.status === 503 ? await this.#erasure(id, person) : null
      if (known === null) throw error
      return { certificate: known, left: known.erased_at === null ? (error as ApiError).message : '' }
    }
  }

  /** What is on record of the erasure of an analysis, or of a person of it; null: nothing. */
  async #erasure(id: string, person: number | null): Promise<Erasure | null> {
    const asked = pages(async (after) => {
      const page = await this.get('/v1/erasures', { limit: 100, ...(after && { after }) })
      return { items: page.erasures, next: page.next }
    })
    for await (const list of asked) {
      const found = list.find((one) => one.analysis === id && one.person === person)
      if (found !== undefined) return found
    }
    return null
  }

  /** Announce a video that is sent in parts, or go on with the one of this key. */
  begin(file: File, key: string): Promise<Upload> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': key }
    const body = JSON.stringify({ filename: file.name, size_bytes: file.size })
    return this.#ask('/v1/uploads', { method: 'POST', headers, body })
  }

  /** How far a video is that is sent in parts. */
  begun(upload: string, signal: AbortSignal): Promise<Upload> {
    return this.#ask(`/v1/uploads/${encodeURIComponent(upload)}`, { signal })
  }

  /** Links to the parts after this one. */
  async partLinks(upload: string, after: number, signal: AbortSignal) {
    const target = `/v1/uploads/${encodeURIComponent(upload)}/part-links?limit=20${after > 0 ? `&after=${after}` : ''}`
    const { parts, expires_at } = await this.#ask<Schemas['PartLinks']>(target, { method: 'POST', signal })
    const here = parts.map((part) => ({ ...part, url: part.url.startsWith('/') ? this.#base + part.url : part.url }))
    return { parts: here, expires: Date.parse(expires_at) }
  }

  complete(upload: string, signal: AbortSignal): Promise<Schemas['Accepted']> {
    return this.#ask(`/v1/uploads/${encodeURIComponent(upload)}/completion`, { method: 'POST', signal })
  }

  async giveUp(upload: string): Promise<void> {
    const target = `${this.#base}/v1/uploads/${encodeURIComponent(upload)}`
    await fetch(target, { method: 'DELETE', headers: this.#session.headers() })
  }

  /** Send a part by its link, which is all that the storage asks for. */
  put(url: string, part: Blob, progress: (sent: number) => void, signal: AbortSignal): Promise<void> {
    return transfer('PUT', url, {}, part, progress, signal).then(({ status, text }) => {
      if (status === 0) throw new ApiError(0, 'part_not_sent', CUT)
      if (status !== 200) throw refusal(status, text)
    })
  }

  /** Send a video at once. */
  async send(
    file: File,
    key: string,
    progress: (sent: number) => void,
    signal: AbortSignal,
  ): Promise<Schemas['Accepted']> {
    const type = file.type.startsWith('video/') ? file.type : 'application/octet-stream'
    const told = { 'content-type': type, 'x-fastbreak-filename': encodeURIComponent(wellFormed(file.name)) }
    const headers = { ...this.#session.headers(), ...told, 'idempotency-key': key }
    const { status, text } = await transfer('POST', `${this.#base}/v1/analyses`, headers, file, progress, signal)
    if (status === 0) throw new ApiError(0, 'away', CUT)
    this.#session.note(status)
    if (status !== 202) throw refusal(status, text)
    return read(status, text)
  }
}

/** A text whose halves of pairs, which nobody can encode, are replaced. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

/** Send something and tell how far it is, which `fetch` does not: so this is the older way. Status 0: no answer. */
function transfer(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: Blob,
  progress: (sent: number) => void,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const stopped = () => reject(new ApiError(0, 'aborted', STOPPED))
    if (signal.aborted) return stopped()
    const request = new XMLHttpRequest()
    request.open(method, url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = (event) => progress(event.loaded)
    const end = () => request.abort()
    request.onload = () => resolve({ status: request.status, text: request.responseText })
    request.onerror = () => resolve({ status: 0, text: '' })
    request.onabort = stopped
    request.onloadend = () => signal.removeEventListener('abort', end)
    signal.addEventListener('abort', end)
    request.send(body)
  })
}

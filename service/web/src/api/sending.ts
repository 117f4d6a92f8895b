// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Sending a video: a small one at once, a larger one in parts, straight to where videos are kept. */

import { cut, isForAnotherTry, type Part, Tally } from '../pure/parts.ts'
import { ApiError, type Client, type PartLink, type Schemas, STOPPED } from './client.ts'

type Accepted = Schemas['Accepted']
type Progress = (sent: number) => void

/** One request is as good up to here. */
export const SMALL_BYTES = 8 * 1024 * 1024
const AT_ONCE = 3
const TRIES = 5
const PAUSE = 1_000
/** A link that is this close to its end is not used any more. */
const MARGIN = 30_000
const LATER = 'Send it again in a minute: nothing is taken twice.'

/** The way to the storage is closed to this video before any part has got there; `lasting`: to all of this page. */
class ClosedError extends Error {
  readonly lasting: boolean

  constructor(lasting: boolean) {
    super('no part has ever got there')
    this.lasting = lasting
  }
}

export class Sender {
  #client: Client
  #pause: number
  #closed = false

  constructor(client: Client, pause = PAUSE) {
    this.#client = client
    this.#pause = pause
  }

  /** Send a video, or what is missing of it under this key. Throws ApiError. */
  async send(file: File, key: string, progress: Progress, signal: AbortSignal): Promise<Accepted> {
    if (file.size > SMALL_BYTES && !this.#closed) {
      try {
        return await this.#inParts(file, key, progress, signal)
      } catch (error) {
        if (!(error instanceof ClosedError)) throw error
        this.#closed = error.lasting
      }
    }
    return this.#client.send(file, key, progress, signal)
  }

  async #inParts(file: File, key: string, progress: Progress, signal: AbortSignal): Promise<Accepted> {
    // A stop does not cut this short: nobody would know then what to give up.
    const upload = await this.#client.begin(file, key).catch((error: unknown) => {
      throw closedAtBegin(error) ?? error
    })
    if (upload.status === 'accepted') return { id: upload.id, status: upload.status }
    if (upload.error !== null) throw new ApiError(422, upload.error.code, upload.error.message)
    try {
      if (signal.aborted) throw new ApiError(0, 'aborted', STOPPED)
      const parts = cut(file.size, upload.part_bytes)
      const links = new Links((after) => this.#client.partLinks(upload.id, after, signal))
      const answers = () =>
        this.#client.begun(upload.id, signal).then(
          () => true,
          () => false,
        )
      const way = { client: this.#client, file, links, progress, signal, pause: this.#pause, answers }
      await new Parts(way).send(parts, upload.arrived)
      return await this.#client.complete(upload.id, signal)
    } catch (error) {
      // Nobody waits for it, and the service gives it up by itself a day later.
      if (signal.aborted || error instanceof ClosedError) void this.#client.giveUp(upload.id).catch(() => undefined)
      throw error
    }
  }
}

/** Whether a beginning was refused in a way that a video sent at once may not be. */
function closedAtBegin(error: unknown): ClosedError | null {
  if (!(error instanceof ApiError)) return null
  // A release of the service before takes none.
  if (error.status === 404) return new ClosedError(true)
  return hasEnded(error) || error.code === 'uploads_full' ? new ClosedError(false) : null
}

/** What was begun is not known any more, to the service or to the storage. */
function hasEnded({ status }: ApiError): boolean {
  return status === 404 || status === 410
}

/** Links to parts, a page at a time, and new ones for those that have run out. */
class Links {
  #ask: (after: number) => Promise<{ parts: readonly PartLink[]; expires: number }>
  #known = new Map<number, { url: string; expires: number }>()
  #asking: Promise<void> = Promise.resolve()

  constructor(ask: (after: number) => Promise<{ parts: readonly PartLink[]; expires: number }>) {
    this.#ask = ask
  }

  async of(part: number): Promise<string> {
    const asking = this.#asking.then(() => this.#renew(part))
    this.#asking = asking.catch(() => undefined)
    await asking
    const known = this.#known.get(part)
    if (known === undefined) throw new ApiError(0, 'no_link', `The service gave no link to part ${part}. ${LATER}`)
    return known.url
  }

  forget(part: number): void {
    this.#known.delete(part)
  }

  async #renew(part: number): Promise<void> {
    const known = this.#known.get(part)
    if (known !== undefined && Date.now() < known.expires - MARGIN) return
    const { parts, expires } = await this.#ask(part - 1)
    for (const { number, url } of parts) this.#known.set(number, { url, expires })
  }
}

/** What the parts of a file are sent by. */
interface Way {
  client: Client
  file: File
  links: Links
  progress: Progress
  signal: AbortSignal
  pause: number
  /** Whether the service can be reached at this moment: then it is not the connection that parts are lost to. */
  answers: () => Promise<boolean>
}

/** The parts of one file, a few of them on their way at once. */
class Parts {
  #way: Way
  #tally = new Tally()
  #reached = false
  #left: Part[] = []

  constructor(way: Way) {
    this.#way = way
  }

  async send(parts: readonly Part[], arrived: readonly number[]): Promise<void> {
    const here = new Set(arrived)
    this.#reached = here.size > 0
    for (const part of parts) {
      if (here.has(part.number)) this.#tally.add(part)
      else this.#left.push(part)
    }
    this.#way.progress(this.#tally.sent)
    // One part alone shows whether the way is open.
    if (!this.#reached) await this.#next()
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#all()))
  }

  async #all(): Promise<void> {
    while (this.#left.length > 0) await this.#next()
  }

  async #next(): Promise<void> {
    const part = this.#left.shift()
    if (part === undefined) return
    try {
      await this.#one(part)
    } catch (error) {
      // The others come to their end, and no other one begins.
      this.#left = []
      throw error
    }
  }

  async #one(part: Part): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { client, file, links, signal } = this.#way
        const url = await links.of(part.number)
        await client.put(url, file.slice(part.begin, part.end), (sent) => this.#show(part, sent), signal)
        this.#reached = true
        this.#tally.add(part)
        this.#way.progress(this.#tally.sent)
        return
      } catch (error) {
        this.#show(part, null)
        this.#way.links.forget(part.number)
        await this.#consider(error, attempt)
      }
    }
  }

  /** Wait for another try, or give up. */
  async #consider(error: unknown, attempt: number): Promise<void> {
    if (this.#way.signal.aborted || !(error instanceof ApiError)) throw error
    if (!this.#reached && hasEnded(error)) throw new ClosedError(false)
    if (!isForAnotherTry(error.status)) throw error
    if (!this.#reached && error.code === 'part_not_sent' && attempt > 1 && (await this.#way.answers())) {
      throw new ClosedError(true)
    }
    if (attempt >= TRIES) throw error
    await new Promise((over) => setTimeout(over, this.#way.pause * 2 ** (attempt - 1)))
    if (this.#way.signal.aborted) throw error
  }

  #show(part: Part, sent: number | null): void {
    this.#tally.note(part.number, sent)
    this.#way.progress(this.#tally.sent)
  }
}

const KEPT = 'fastbreak-upload'

/** The key of a file, the same one until it is accepted: so what arrived of it before a reload need not be sent again. */
export function keyOf(file: File): string {
  const mark = markOf(file)
  const [known, key] = (sessionStorage.getItem(KEPT) ?? '').split(' ')
  if (known === mark && key) return key
  const made = crypto.randomUUID()
  sessionStorage.setItem(KEPT, `${mark} ${made}`)
  return made
}

/** The next file is another one, be it the same. */
export function forgetKey(): void {
  sessionStorage.removeItem(KEPT)
}

/** Nothing of it tells whose video it is. */
function markOf({ size, lastModified }: File): string {
  return `${size}.${lastModified}`
}

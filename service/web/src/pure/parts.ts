// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Cutting a file into parts. */

export interface Part {
  /** From 1 on. */
  number: number
  begin: number
  end: number
}

/** Every part of a file; each has `each` bytes, but the last, which has the rest. */
export function cut(size: number, each: number): Part[] {
  const count = Math.ceil(size / each)
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    begin: index * each,
    end: Math.min(size, (index + 1) * each),
  }))
}

/** How many bytes have arrived of some parts, and how many are on their way. */
export class Tally {
  #arrived = 0
  #under = new Map<number, number>()

  get sent(): number {
    let sent = this.#arrived
    for (const bytes of this.#under.values()) sent += bytes
    return sent
  }

  /** Of a part that is on its way; null: of one that has to begin again. */
  note(part: number, bytes: number | null): void {
    if (bytes === null) this.#under.delete(part)
    else this.#under.set(part, bytes)
  }

  /** A part is there. */
  add({ number, begin, end }: Part): void {
    this.#under.delete(number)
    this.#arrived += end - begin
  }
}

/** Whether a part that was refused, or that nobody answered, may be sent again, by another link. */
export function isForAnotherTry(status: number): boolean {
  return status === 0 || status === 403 || status === 408 || status === 429 || status >= 500
}

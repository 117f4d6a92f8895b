// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Lists that come in pages. */

export interface Page<T> {
  items: readonly T[]
  next: string | null
}

/** All pages after each other, until the last one or until somebody stops asking. */
export async function* pages<T>(ask: (after: string | null) => Promise<Page<T>>): AsyncGenerator<readonly T[]> {
  let after: string | null = null
  do {
    const page: Page<T> = await ask(after)
    yield page.items
    if (page.next !== null && page.next === after) throw new Error('The list names the same page again.')
    after = page.next
  } while (after !== null)
}

/**
 * The newest page over what is known: what is in it is new or changed, what is older stays, and what stood among it and
 * does not any more is gone. When nothing of it is known, something may be missing between the two, so only the page is
 * kept.
 */
export function merged<T extends { id: string }>(known: readonly T[], newest: readonly T[]): T[] {
  const fresh = new Set(newest.map((item) => item.id))
  const last = known.findLastIndex((item) => fresh.has(item.id))
  return last < 0 ? [...newest] : [...newest, ...known.slice(last + 1)]
}

/** What is known with an older page below it; nothing twice. */
export function appended<T extends { id: string }>(known: readonly T[], older: readonly T[]): T[] {
  const there = new Set(known.map((item) => item.id))
  return [...known, ...older.filter((item) => !there.has(item.id))]
}

/** What is known with some of it told anew: null where it is gone. */
export function replaced<T extends { id: string }>(known: readonly T[], told: ReadonlyMap<string, T | null>): T[] {
  return known.flatMap((item) => {
    const found = told.get(item.id)
    return found === null ? [] : [found ?? item]
  })
}

/** The unfinished ones that the newest page does not tell of, the oldest `most`, which end first. */
export function unfinished<T extends { id: string; status: string }>(
  known: readonly T[],
  newest: readonly T[],
  most: number,
): T[] {
  const told = new Set(newest.map((item) => item.id))
  const left = known.filter(({ id, status }) => (status === 'queued' || status === 'running') && !told.has(id))
  return left.slice(-most)
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, type Client, type Listed } from '../api/client.ts'
import { LATEST } from '../pure/backoff.ts'
import { appended, merged, replaced, unfinished } from '../pure/paging.ts'
import { whileSeen } from './whileSeen.ts'

/** How many older analyses are asked for each time, besides the newest page. */
const MOST = 10
/** How many are followed at once: without HTTP/2 a browser has six connections for all there is to do. */
const FOLLOWED = 3

interface Known {
  items: readonly Listed[]
  next: string | null
}

/**
 * The list, which stays current by itself; `awaiting`: those alone that wait for a reviewer. `older` asks for the next
 * page of it; null where there is none.
 */
export function useList(client: Client, onError: (error: unknown) => boolean, awaiting: boolean, round: string) {
  const [items, setItems] = useState<readonly Listed[] | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [own, setOwn] = useState(false)
  const [loading, setLoading] = useState(false)
  const known = useRef<Known>({ items: [], next: null })
  const filter = useRef(awaiting)

  const keep = (found: Known): boolean => {
    const changed = JSON.stringify(found) !== JSON.stringify(known.current)
    known.current = found
    setItems(found.items)
    setError(null)
    return changed
  }

  useEffect(() => {
    if (filter.current !== awaiting) known.current = { items: [], next: null }
    filter.current = awaiting
    return whileSeen(async (signal) => {
      try {
        const page = await client.analyses(null, awaiting, signal)
        setOwn(page.own)
        // Whoever may only send may ask for no analysis by itself.
        const asked = page.own ? [] : unfinished(known.current.items, page.items, MOST)
        const told = await states(client, asked, signal)
        const before = known.current
        const all = replaced(merged(before.items, page.items), told)
        const anew = before.items.length === 0 || all.length === page.items.length
        const changed = keep({ items: all, next: anew ? page.next : before.next })
        const followed = page.own ? [] : unfinished(all, [], FOLLOWED)
        return (await changes(client, followed, signal)) || changed
      } catch (problem) {
        if (signal.aborted || onError(problem)) return null
        setError(problem)
        return isForbidden(problem) ? null : false
      }
    })
  }, [client, onError, awaiting, round])

  const { next } = known.current
  const older = async () => {
    setLoading(true)
    try {
      const page = await client.analyses(next, awaiting)
      // Where the list began anew meanwhile, this page is not the one below it.
      if (known.current.next === next) keep({ items: appended(known.current.items, page.items), next: page.next })
    } catch (problem) {
      if (!onError(problem)) setError(problem)
    }
    setLoading(false)
  }
  return { items, own, error, loading, older: next === null ? null : () => void older() }
}

/** Whether the service refused for want of a role. */
export function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403
}

/** Some analyses as they are now; null for what is gone. Where that is not told, as they were: it is asked again. */
async function states(client: Client, asked: readonly Listed[], signal: AbortSignal) {
  const told = await Promise.all(
    asked.map(async (known): Promise<[string, Listed | null]> => {
      const { id } = known
      try {
        return [id, await client.analysis(id, signal)]
      } catch (error) {
        if (!(error instanceof ApiError) || error.status === 401) throw error
        return [id, error.status === 404 ? null : known]
      }
    }),
  )
  return new Map(told)
}

/** Follow some analyses for a while, or until one has another state than the known one. False: they were not told. */
async function changes(client: Client, known: readonly Listed[], signal: AbortSignal): Promise<boolean> {
  const found = new AbortController()
  const late = AbortSignal.timeout(LATEST)
  const ends = AbortSignal.any([signal, found.signal, late])
  const follow = async ({ id, status }: Listed) => {
    try {
      for await (const told of client.progress(id, ends)) if (told.status !== status) found.abort()
    } catch (error) {
      // The list is asked again in a moment, which shows what there is to be shown.
      if (!(error instanceof ApiError)) throw error
    }
  }
  await Promise.all(known.map(follow))
  return found.signal.aborted || late.aborted
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, type Client, type Listed } from '../api/client.ts'
import { looking } from '../pure/backoff.ts'
import { appended, merged, replaced, unfinished } from '../pure/paging.ts'

/** How many older analyses are asked for each time, besides the newest page. */
const MOST = 10

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
    const control = new AbortController()
    const { signal } = control
    if (filter.current !== awaiting) known.current = { items: [], next: null }
    filter.current = awaiting
    const loop = looking(async () => {
      try {
        const page = await client.analyses(null, awaiting, signal)
        setOwn(page.own)
        // Whoever may only send may ask for no analysis by itself.
        const asked = page.own ? [] : unfinished(known.current.items, page.items, MOST)
        const told = await states(client, asked, signal)
        const before = known.current
        const all = replaced(merged(before.items, page.items), told)
        const anew = before.items.length === 0 || all.length === page.items.length
        return keep({ items: all, next: anew ? page.next : before.next })
      } catch (problem) {
        if (signal.aborted || onError(problem)) return null
        setError(problem)
        return isForbidden(problem) ? null : false
      }
    })
    const wake = () => document.hidden || loop.wake()
    document.addEventListener('visibilitychange', wake)
    return () => {
      control.abort()
      loop.end()
      document.removeEventListener('visibilitychange', wake)
    }
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

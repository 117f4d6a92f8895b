// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'preact/hooks'
import type { Analysis, Client, Event, Finding } from '../api/client.ts'
import { looking } from '../pure/backoff.ts'
import { pages } from '../pure/paging.ts'
import { extend, type Measure, type Track } from '../pure/series.ts'

/** An analysis, asked for again until it has ended. */
export function useAnalysis(client: Client, id: string, onError: (error: unknown) => boolean, round: number) {
  const [analysis, setAnalysis] = useState<Analysis | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    const control = new AbortController()
    let before = ''
    const loop = looking(async () => {
      let status = ''
      try {
        const found = await client.analysis(id, control.signal)
        status = found.status
        setAnalysis(found)
        setError(null)
        if (status === 'succeeded' || status === 'failed') return null
      } catch (problem) {
        if (control.signal.aborted || onError(problem)) return null
        setError(problem)
      }
      const changed = status !== before
      before = status
      return changed
    })
    return () => {
      control.abort()
      loop.end()
    }
  }, [client, id, onError, round])
  return { analysis, error }
}

export interface Result {
  joints: readonly string[]
  tracks: ReadonlyMap<number, Track>
  events: readonly Event[]
  findings: readonly Finding[]
  loaded: boolean
}

const NOTHING: Result = { joints: [], tracks: new Map(), events: [], findings: [], loaded: false }

/** What was found, page by page; what is shown grows while more arrives. */
export function useResult(
  client: Client,
  id: string,
  ready: boolean,
  onError: (error: unknown) => boolean,
  round: number,
) {
  const [result, setResult] = useState(NOTHING)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    if (!ready) return
    const { signal, abort } = controller()
    const load = async () => {
      let { joints } = NOTHING
      let tracks: Map<number, Track> = new Map()
      const [events, findings] = await Promise.all([
        all(pages((after) => client.events(id, after, signal))),
        all(pages((after) => client.findings(id, after, signal))),
      ])
      setResult({ ...NOTHING, events, findings })
      const asked = pages(async (after) => {
        const page = await client.poses(id, after, signal)
        joints = page.joints
        return page
      })
      for await (const page of asked) {
        tracks = extend(tracks, page)
        setResult({ joints, tracks, events, findings, loaded: false })
      }
      setResult({ joints, tracks, events, findings, loaded: true })
    }
    setError(null)
    load().catch((problem: unknown) => signal.aborted || onError(problem) || setError(problem))
    return abort
  }, [client, id, ready, onError, round])
  return { result, error }
}

/** The measures of one person. */
export function useMeasures(
  client: Client,
  id: string,
  person: number | null,
  onError: (error: unknown) => boolean,
  round: number,
) {
  const [measures, setMeasures] = useState<Measure[] | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    setMeasures(null)
    setError(null)
    if (person === null) return
    const { signal, abort } = controller()
    all(pages((after) => client.measures(id, person, after, signal)))
      .then(setMeasures)
      .catch((problem: unknown) => signal.aborted || onError(problem) || setError(problem))
    return abort
  }, [client, id, person, onError, round])
  return { measures, error }
}

function controller() {
  const control = new AbortController()
  return { signal: control.signal, abort: () => control.abort() }
}

async function all<T>(lists: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const list of lists) for (const item of list) found.push(item)
  return found
}

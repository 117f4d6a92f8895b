// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'preact/hooks'
import { type Analysis, ApiError, type Client, type Event, type Finding } from '../api/client.ts'
import { LATEST } from '../pure/backoff.ts'
import { pages } from '../pure/paging.ts'
import { isOver, isSame, type Progress } from '../pure/progress.ts'
import { extend, type Measure, type Track } from '../pure/series.ts'
import { type Who, whoIsWho } from './known.ts'
import { whileSeen } from './whileSeen.ts'

/** An analysis, who is who in it, and the round in which that was asked for. */
interface Loaded {
  analysis: Analysis
  who: Who
  round: number
}

/**
 * An analysis, which stays current until it has ended: the service tells how far it is. While it does not, it is asked
 * now and then.
 */
export function useAnalysis(client: Client, id: string, onError: (error: unknown) => boolean, round: number) {
  const [loaded, setLoaded] = useState<Loaded | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    let before = ''
    const ask = async (signal: AbortSignal): Promise<Analysis> => {
      const first = await client.analysis(id, signal)
      const who = await whoIsWho(client, first, onError, signal)
      // What is shown must not be older than the version: persons may have been corrected between the two answers.
      const found = who.known === null || who.known.version === 0 ? first : await client.analysis(id, signal)
      setLoaded({ analysis: found, who, round })
      setError(null)
      return found
    }
    const tell = (told: Progress) =>
      setLoaded((known) => known && { ...known, analysis: { ...known.analysis, ...told } })
    return whileSeen(async (signal) => {
      try {
        let found = await ask(signal)
        const followed = isOver(found.status) ? null : await follow(client, id, found, signal, tell)
        if (followed?.over) found = await ask(signal)
        if (isOver(found.status)) return null
        const changed = found.status !== before || followed?.fruitful === true
        before = found.status
        return changed
      } catch (problem) {
        if (signal.aborted || onError(problem)) return null
        const gone = problem instanceof ApiError && problem.status === 404
        if (gone) setLoaded(null)
        setError(problem)
        return gone ? null : false
      }
    })
  }, [client, id, onError, round])
  return { loaded, error }
}

/**
 * Follow an analysis until its stream ends, and keep what is known of it current. `over`: it has ended. `fruitful`:
 * something was told that was not known, or the stream lasted; else whoever follows again waits longer.
 */
async function follow(
  client: Client,
  id: string,
  found: Progress,
  signal: AbortSignal,
  tell: (told: Progress) => void,
) {
  const began = performance.now()
  let [over, changed] = [false, false]
  try {
    for await (const told of client.progress(id, signal)) {
      over = isOver(told.status)
      changed ||= !isSame(told, found)
      if (!over) tell(told)
    }
  } catch (problem) {
    // Whoever asks for the analysis next has what there is to be shown.
    if (!(problem instanceof ApiError)) throw problem
  }
  return { over, fruitful: changed || performance.now() - began > LATEST }
}

export interface Result {
  joints: readonly string[]
  tracks: ReadonlyMap<number, Track>
  events: readonly Event[]
  findings: readonly Finding[]
  loaded: boolean
  /** In which round it was asked for. */
  round: number
}

const NOTHING: Result = { joints: [], tracks: new Map(), events: [], findings: [], loaded: false, round: -1 }

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
      setResult({ ...NOTHING, events, findings, round })
      const asked = pages(async (after) => {
        const page = await client.poses(id, after, signal)
        joints = page.joints
        return page
      })
      for await (const page of asked) {
        tracks = extend(tracks, page)
        setResult({ joints, tracks, events, findings, loaded: false, round })
      }
      setResult({ joints, tracks, events, findings, loaded: true, round })
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
  const [found, setFound] = useState<{ measures: Measure[]; person: number; round: number } | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    setFound(null)
    setError(null)
    if (person === null) return
    const { signal, abort } = controller()
    all(pages((after) => client.measures(id, person, after, signal)))
      .then((measures) => setFound({ measures, person, round }))
      .catch((problem: unknown) => signal.aborted || onError(problem) || setError(problem))
    return abort
  }, [client, id, person, onError, round])
  const measures = found?.person === person && found.round === round ? found.measures : null
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

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useMemo, useState } from 'preact/hooks'
import type { Analysis, Client, Erased } from '../api/client.ts'
import { clock, number } from '../pure/format.ts'
import { lastAt, timeOf } from '../pure/frames.ts'
import { frameTimes, plots } from '../pure/series.ts'
import { Certificate } from './Certificate.tsx'
import { Erase, ErasePerson } from './Erase.tsx'
import { Events } from './Events.tsx'
import { Findings } from './Findings.tsx'
import type { Who } from './known.ts'
import { STATES } from './ListPage.tsx'
import { Loading, Message, Problem } from './Message.tsx'
import { Player } from './Player.tsx'
import { Plots } from './Plots.tsx'
import { type Result, useAnalysis, useMeasures, useResult } from './useAnalysis.ts'
import { WhoIsWho } from './WhoIsWho.tsx'

interface Props {
  client: Client
  id: string
  onError: (error: unknown) => boolean
}

/** One analysis, or the certificate that it was erased: nothing of it is looked for or played any more then. */
export function AnalysisPage({ client, id, onError, visit }: Props & { visit: (path: string) => void }) {
  const [erased, setErased] = useState<Erased | null>(null)
  if (erased === null) return <Shown client={client} id={id} onError={onError} onErased={setErased} />
  return (
    <Certificate
      client={client}
      erased={erased}
      onError={onError}
      onErased={setErased}
      visit={visit}
      back={() => setErased(null)}
    />
  )
}

/** One analysis, whatever its state. */
function Shown({ client, id, onError, onErased }: Props & { onErased: (erased: Erased) => void }) {
  const [round, setRound] = useState(0)
  const { loaded, error } = useAnalysis(client, id, onError, round)
  const again = () => setRound((count) => count + 1)
  if (loaded === null) return error === null ? <Loading what="the analysis" /> : <Problem error={error} again={again} />
  const { analysis, who } = loaded
  return (
    <>
      <div class="heading">
        <h1>{analysis.filename ?? 'Video without a name'}</h1>
        <Facts analysis={analysis} />
        {analysis.erasable && <Erase client={client} id={id} onError={onError} onErased={onErased} />}
      </div>
      {error !== null && <Problem error={error} again={again} />}
      {(analysis.status === 'queued' || analysis.status === 'running') && (
        <Message title={STATES[analysis.status]}>
          <p class="working" role="status">
            {analysis.status === 'queued' ? 'Other videos come first.' : measuring(analysis)} This page shows the result
            by itself.
          </p>
        </Message>
      )}
      {analysis.status === 'failed' && (
        <Message title="This video could not be analysed" kind="problem">
          <p>{analysis.error?.message}</p>
        </Message>
      )}
      {analysis.missing.length > 0 && <Missing parts={analysis.missing} />}
      {analysis.status === 'succeeded' && analysis.video !== null && (
        <Found
          analysis={analysis}
          video={analysis.video}
          client={client}
          onError={onError}
          onErased={onErased}
          again={again}
          who={who}
          round={loaded.round}
          current={loaded.round === round}
        />
      )}
    </>
  )
}

type Video = NonNullable<Analysis['video']>

function measuring({ segments }: Analysis): string {
  if (segments === null) return 'The frames are being measured.'
  return `${segments.ended} of ${segments.count} parts are measured.`
}

/** What nobody knows anything of. */
function Missing({ parts }: { parts: Analysis['missing'] }) {
  return (
    <Message title="A part of this video could not be analysed" kind="problem">
      {parts.map(({ from_seconds, to_seconds, message }) => (
        <p key={from_seconds}>
          From {clock(from_seconds)} to {clock(to_seconds)}: {message}
        </p>
      ))}
    </Message>
  )
}

function Facts({ analysis }: { analysis: Analysis }) {
  const { video } = analysis
  if (video === null) return null
  const people = analysis.persons.length
  return (
    <>
      <p class="facts">
        {clock(video.duration_seconds)} · {video.width} × {video.height} · {number(video.frames_per_second, 2)} frames a
        second · {people === 1 ? '1 person' : `${people} persons`}
        {video.decode_errors > 0 && ` · ${video.decode_errors} decode errors`}
      </p>
      {video.remarks.map(({ kind, from_seconds, words }) => (
        <p key={`${kind} ${from_seconds}`} class="facts">
          {words}
        </p>
      ))}
    </>
  )
}

interface FoundProps extends Omit<Props, 'id'> {
  analysis: Analysis
  video: Video
  again: () => void
  who: Who
  round: number
  /** Whether no newer round was asked for. */
  current: boolean
  onErased: (erased: Erased) => void
}

function Found({ analysis, video, client, onError, onErased, again, who, round, current }: FoundProps) {
  const { result, error } = useResult(client, analysis.id, true, onError, round)
  const [chosen, setPerson] = useState<number | null>(null)
  // Whoever is chosen may be somebody else's number meanwhile.
  const person = (analysis.persons.find(({ id }) => id === chosen) ?? analysis.persons[0])?.id ?? null
  const [moment, setMoment] = useState(0)
  const [wanted, setWanted] = useState<{ time: number } | null>(null)
  const { measures, error: unmeasured } = useMeasures(client, analysis.id, person, onError, round)
  const drawn = useMemo(() => plots(measures ?? []), [measures])
  const told = useMemo(() => frameTimes(result.tracks), [result.tracks])
  const times = useMemo(() => [...new Set(told.values())].sort((one, other) => one - other), [told])
  const isKept = analysis.footage_until !== null
  const kept = useMemo(
    () => (isKept ? (signal: AbortSignal) => client.footage(analysis.id, signal) : null),
    [client, analysis.id, isKept],
  )
  if (analysis.persons.length === 0) {
    return (
      <Message title="There is nobody to show">
        <p>
          Nobody was found in this video, or all who were have been erased. Who is less high than a fortieth of the
          picture's longer side is nobody, and little can be said of small bodies. Film from closer, and send the video
          again.
        </p>
      </Message>
    )
  }
  const seek = (time: number) => setWanted({ time })
  const jump = (frame: number) => {
    seek(timeOf(frame, told, video.frames_per_second))
    document.getElementById('player')?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <div class="found">
      {(error ?? unmeasured) !== null && <Problem error={error ?? unmeasured} again={again} />}
      <div class="seen">
        <Player video={video} result={result} kept={kept} person={person} wanted={wanted} onMoment={setMoment} />
        {error === null && <Skeletons result={result} />}
        <div class="choice">
          {analysis.persons.length > 1 && <Persons persons={analysis.persons} person={person} choose={setPerson} />}
          {analysis.erasable && person !== null && (
            <ErasePerson client={client} id={analysis.id} person={person} onError={onError} onErased={onErased} />
          )}
        </div>
        <WhoIsWho
          client={client}
          analysis={analysis.id}
          persons={analysis.persons}
          person={person}
          moment={times[lastAt(times, moment)] ?? moment}
          who={who}
          ready={current && result.loaded && result.round === round && measures !== null}
          seek={seek}
          onError={onError}
          again={again}
        />
        {measures !== null && <Plots plots={drawn} moment={moment} seek={seek} />}
        {measures === null && unmeasured === null && <Loading what="the angles" />}
      </div>
      <div class="said">
        <Findings
          client={client}
          analysis={analysis.id}
          onError={onError}
          findings={result.findings}
          movement={analysis.movement}
          loaded={result.loaded}
          jump={jump}
        />
        <Events events={result.events} movement={analysis.movement} loaded={result.loaded} jump={jump} />
      </div>
    </div>
  )
}

interface PersonsProps {
  persons: Analysis['persons']
  person: number | null
  choose: (person: number) => void
}

function Persons({ persons, person, choose }: PersonsProps) {
  return (
    <label class="choice">
      Angles of
      <select value={String(person)} onChange={(event) => choose(Number(event.currentTarget.value))}>
        {persons.map(({ id, frames }) => (
          <option key={id} value={String(id)}>
            person {id} (seen in {frames} frames)
          </option>
        ))}
      </select>
    </label>
  )
}

/** Whether there is anything to draw, or will be. */
function Skeletons({ result }: { result: Result }) {
  if (!result.loaded) return <Loading what="the skeletons" />
  if (result.tracks.size > 0) return null
  return (
    <p class="notice">This analysis has no skeleton, like all of earlier releases. Send the video again to see one.</p>
  )
}

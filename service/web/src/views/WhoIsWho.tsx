// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useRef, useState } from 'preact/hooks'
import { type Analysis, ApiError, type Client, type Correction, type Doubt, type Said } from '../api/client.ts'
import { ago, clock } from '../pure/format.ts'
import type { Who } from './known.ts'
import { Problem } from './Message.tsx'
import { PlayerName } from './PlayerName.tsx'

interface Props {
  client: Client
  analysis: string
  persons: Analysis['persons']
  /** Who is chosen. */
  person: number | null
  /** The time of the frame that is shown. */
  moment: number
  who: Who
  /** Whether all that is shown is at least as new as what is known of who is who. */
  ready: boolean
  seek: (time: number) => void
  onError: (error: unknown) => boolean
  /** Somebody is somebody else, or may be: everything is to be asked for again. */
  again: () => void
}

/** Where it is in doubt who is who, what was said of it, and saying more. */
export function WhoIsWho({ client, analysis, person, moment, who, ready, seek, onError, again, ...rest }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  const [told, setTold] = useState('')
  const [problem, setProblem] = useState('')
  const busy = useRef(false)
  const { known } = who
  if (known === null) return who.problem === null ? null : <Problem error={who.problem} again={again} />
  // Nothing is disabled meanwhile: whoever works by the keyboard would lose their place.
  const say = async (said: Said) => {
    if (busy.current || !ready) return
    busy.current = true
    setProblem('')
    setTold('')
    try {
      const entry = await client.correct(analysis, known.version, said)
      setTold(entry.words)
      // The button that was pressed may be gone with what it was about.
      heading.current?.focus()
      again()
    } catch (error) {
      if (onError(error)) return
      setProblem(inWords(error))
      if (!(error instanceof ApiError && error.status === 412)) return
      // What was pressed is about a result that is no more.
      heading.current?.focus()
      again()
    } finally {
      busy.current = false
    }
  }
  return (
    <section class="card" aria-labelledby="who">
      <h2 id="who" ref={heading} tabIndex={-1}>
        Who is who
      </h2>
      {told !== '' && <p role="status">{told}</p>}
      {problem !== '' && (
        <p class="notice" role="alert">
          {problem}
        </p>
      )}
      {!ready && <p class="loading">Loading who is who …</p>}
      <div hidden={!ready}>
        {known.doubts.length > 0 && <Doubts doubts={known.doubts} seek={seek} say={say} />}
        {person !== null && <Saying key={person} person={person} moment={moment} say={say} persons={rest.persons} />}
        {person !== null && (
          <PlayerName
            client={client}
            analysis={analysis}
            person={person}
            version={known.version}
            onError={onError}
            again={again}
          />
        )}
        {known.corrections.length > 0 && <History corrections={known.corrections} say={say} />}
      </div>
    </section>
  )
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

interface DoubtsProps {
  doubts: readonly Doubt[]
  seek: (time: number) => void
  say: (said: Said) => Promise<void>
}

function Doubts({ doubts, seek, say }: DoubtsProps) {
  return (
    <ul class="doubts" aria-label="Doubts">
      {doubts.map(({ kind, person, other, seconds, words }) => (
        <li class="doubt" key={`${kind} ${person} ${other} ${seconds}`}>
          <p>{words}</p>
          <div class="verdicts">
            <button type="button" onClick={() => seek(seconds)}>
              Show {clock(seconds)}
            </button>
            {kind === 'may_be_one' ? (
              <button type="button" onClick={() => void say({ kind: 'merge', persons: [person, other] })}>
                {person} and {other} are the same person
              </button>
            ) : (
              <button type="button" onClick={() => void say({ kind: 'exchange', person, other, seconds })}>
                {person} and {other} changed numbers here
              </button>
            )}
            <button type="button" onClick={() => void say({ kind: 'apart', person, other, seconds })}>
              {kind === 'may_be_one'
                ? `${person} and ${other} are two persons`
                : `${person} and ${other} kept their numbers`}
            </button>
          </div>
        </li>
      ))}
    </ul>
  )
}

interface SayingProps {
  person: number
  persons: Analysis['persons']
  moment: number
  say: (said: Said) => Promise<void>
}

/** What to say of the person who is chosen. */
function Saying({ person, persons, moment, say }: SayingProps) {
  const others = persons.filter(({ id }) => id !== person)
  const [chosen, setChosen] = useState<number | null>(null)
  const other = others.find(({ id }) => id === chosen)?.id ?? others[0]?.id
  return (
    <div class="verdicts">
      {other !== undefined && (
        <>
          <label class="choice">
            Person {person} and
            <select value={String(other)} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
              {others.map(({ id }) => (
                <option key={id} value={String(id)}>
                  person {id}
                </option>
              ))}
            </select>
          </label>
          <button type="button" onClick={() => void say({ kind: 'merge', persons: [person, other] })}>
            Same person
          </button>
          <button type="button" onClick={() => void say({ kind: 'exchange', person, other, seconds: moment })}>
            Change numbers from {clock(moment)} on
          </button>
        </>
      )}
      <button type="button" onClick={() => void say({ kind: 'split', person, seconds: moment })}>
        Split person {person} at {clock(moment)}
      </button>
    </div>
  )
}

function History({ corrections, say }: { corrections: readonly Correction[]; say: (said: Said) => Promise<void> }) {
  return (
    <details class="history">
      <summary>Said so far ({corrections.length})</summary>
      {corrections.map((entry) => (
        <div key={entry.version} class="entry">
          <p>
            <strong>{entry.version}</strong> {entry.words} {entry.undone && '(undone)'} By {entry.reviewer},{' '}
            <time dateTime={entry.corrected_at}>{ago(entry.corrected_at, Date.now())}</time>
          </p>
          {entry.kind !== 'undo' && !entry.undone && (
            <button type="button" onClick={() => void say({ kind: 'undo', correction: entry.version })}>
              Undo correction {entry.version}
            </button>
          )}
        </div>
      ))}
    </details>
  )
}

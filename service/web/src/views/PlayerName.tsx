// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, type Client, type OwnFinding, type PlayerNamed } from '../api/client.ts'
import { ago, measured, number, UNITS, words } from '../pure/format.ts'
import { sided } from './Findings.tsx'
import { Problem } from './Message.tsx'

interface Props {
  client: Client
  analysis: string
  /** Who is chosen. */
  person: number
  /** The version of the corrections that is shown. */
  version: number
  onError: (error: unknown) => boolean
  /** Somebody is somebody else by now: everything is to be asked for again. */
  again: () => void
}

const FORM = '[A-Za-z0-9][A-Za-z0-9._\\-]{0,39}'

/** Which player of the team somebody is, and what differs from the player's own earlier landings. */
export function PlayerName({ client, analysis, person, version, onError, again }: Props) {
  const [players, setPlayers] = useState<readonly PlayerNamed[] | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const [told, setTold] = useState('')
  const [round, setRound] = useState(0)
  const busy = useRef(false)
  const refused = useRef(onError)
  refused.current = onError
  useEffect(() => {
    const stop = new AbortController()
    client.players(analysis, stop.signal).then(
      (found) => {
        setPlayers(found)
        setProblem(null)
      },
      (error: unknown) => {
        if (!stop.signal.aborted && !refused.current(error)) setProblem(error)
      },
    )
    return () => stop.abort()
  }, [client, analysis, version, round])
  if (players === null)
    return problem === null ? null : <Problem error={problem} again={() => setRound((count) => count + 1)} />
  const mine = players.find((one) => one.person === person)
  const say = async (player: string | null) => {
    if (busy.current) return
    busy.current = true
    setTold('')
    try {
      const named = player === null ? null : await client.namePlayer(analysis, person, version, player)
      if (named === null) await client.unnamePlayer(analysis, person, version)
      const others = players.filter((one) => one.person !== person)
      setPlayers(named === null ? others : [...others, named])
      setTold(
        named === null ? `Nobody knows which player person ${person} is.` : `Person ${person} is ${named.player}.`,
      )
      setProblem(null)
    } catch (error) {
      if (refused.current(error)) return
      setProblem(error)
      if (error instanceof ApiError && error.status === 412) again()
    } finally {
      busy.current = false
    }
  }
  return (
    <div class="player-name">
      <form
        class="verdicts"
        key={`${person} ${mine?.player ?? ''}`}
        onSubmit={(event) => {
          event.preventDefault()
          void say(String(new FormData(event.currentTarget).get('player')))
        }}
      >
        <label class="choice">
          Person {person} is the team's player
          <input
            name="player"
            required
            maxLength={40}
            pattern={FORM}
            autocomplete="off"
            title="1 to 40 letters, digits, dots, dashes and underscores"
            defaultValue={mine?.player ?? ''}
          />
        </label>
        <button type="submit">{mine === undefined ? 'Name the player' : 'Compare anew'}</button>
        {mine !== undefined && (
          <button type="button" onClick={() => void say(null)}>
            Not known
          </button>
        )}
      </form>
      {told !== '' && <p role="status">{told}</p>}
      {problem !== null && (
        <p class="notice" role="alert">
          {problem instanceof Error ? problem.message : String(problem)}
        </p>
      )}
      {mine !== undefined && <Own named={mine} />}
    </div>
  )
}

function Own({ named }: { named: PlayerNamed }) {
  if (named.compared === null)
    return <p>What this player was held against was erased or is somebody else's by now. Compare anew.</p>
  const { findings, no_baseline } = named.compared
  const order = [...findings].sort(
    (one, other) => Number(one.status !== 'for_review') - Number(other.status !== 'for_review'),
  )
  return (
    <details open={findings.some((one) => one.status === 'for_review')}>
      <summary>
        Beside the own earlier landings: {findings.filter((one) => one.status === 'for_review').length} for review,{' '}
        {findings.length} with an own range, {no_baseline.length} without
      </summary>
      <p class="soft">
        As of {ago(named.named_at, Date.now())}, by {named.named_by}. For review by somebody who knows the movement; no
        diagnosis.
      </p>
      {order.map((one) => (
        <Range key={`${one.measure} ${one.side} ${one.baseline?.legs} ${one.view}`} finding={one} />
      ))}
      {no_baseline.map((one) => (
        <p class="soft" key={`${one.measure} ${one.side} ${one.legs} ${one.view}`}>
          {words(one.measure)}
          {sided(one.side)}: {one.words}
        </p>
      ))}
    </details>
  )
}

/** A measure: the own range as a row, with each landing of this video. */
function Range({ finding }: { finding: OwnFinding }) {
  const own = finding.baseline
  if (own === null) return null
  const unit = UNITS[finding.unit] ?? ''
  return (
    <article class={finding.status}>
      <h3>
        {words(finding.measure)}
        {sided(finding.side)}
      </h3>
      <p>{finding.words}</p>
      <p class="soft">
        Own range {number(own.low)} to {number(own.high)}
        {unit} (mean {number(own.mean)}, error ± {number(own.error)}), from {finding.reference.population}; {own.legs}{' '}
        leg, {finding.view} view, {number(finding.rate, 0)} frames a second. Now:{' '}
        {finding.shown.map((shown) => measured(shown.value, shown.error, finding.unit)).join(', ')}.
      </p>
    </article>
  )
}

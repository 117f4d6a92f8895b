// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import type { Analysis, Event, Schemas } from '../api/client.ts'
import { clock, lookedFor, measured, number, words } from '../pure/format.ts'
import { sided } from './Findings.tsx'

interface Props {
  events: readonly Event[]
  movement: Analysis['movement']
  loaded: boolean
  jump: Jumping
}

/** Each landing, jump, cut and deceleration, with every measure or why there is none, and for how long they were looked for. */
export function Events({ events, movement, loaded, jump }: Props) {
  const looked = lookedFor(movement?.looked_seconds)
  if (events.length === 0 && (!loaded || looked === '')) return null
  return (
    <section aria-labelledby="events">
      <h2 id="events">Events</h2>
      {events.length === 0 && <p>None was found.</p>}
      {events.map((event) => (
        <One key={`${event.kind} ${event.person} ${frameOf(event)}`} event={event} jump={jump} />
      ))}
      {looked !== '' && <p class="small">{looked}</p>}
    </section>
  )
}

function frameOf(event: Event): number {
  if (event.kind === 'landing') return event.contact_frame
  return event.kind === 'jump' ? event.takeoff_frame : event.frame
}

function One({ event, jump }: { event: Event; jump: Jumping }) {
  if (event.kind === 'landing') return <Landing landing={event} jump={jump} />
  if (event.kind === 'jump') return <Jump jumped={event} jump={jump} />
  // A later release may tell of more.
  return event.kind === 'cut' || event.kind === 'deceleration' ? <Way way={event} jump={jump} /> : null
}

type Jumping = (frame: number) => void

function Landing({ landing, jump }: { landing: Schemas['Landing']; jump: Jumping }) {
  return (
    <details class="event">
      <summary>
        Landing at {clock(landing.contact_seconds)}{' '}
        <span>
          person {landing.person}, {landing.view.view} view
          {landing.legs !== 'unknown' && `, ${landing.legs === 'double' ? 'both legs' : 'one leg'}`}
        </span>
      </summary>
      <div class="jumps">
        <button type="button" onClick={() => jump(landing.contact_frame)}>
          Contact, frame {landing.contact_frame}
        </button>
        <button type="button" onClick={() => jump(landing.deepest_frame)}>
          Deepest, frame {landing.deepest_frame}
        </button>
      </div>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {landing.measures.map((value) => (
              <tr key={`${value.measure} ${value.side}`}>
                <th scope="row">
                  {words(value.measure)}
                  {sided(value.side)}
                </th>
                <td>
                  {value.value === null ? (
                    <span class="not">not measurable: {value.words}</span>
                  ) : (
                    measured(value.value, value.error, value.unit)
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

function Jump({ jumped, jump }: { jumped: Schemas['Jump']; jump: Jumping }) {
  const { height_metres: height, height_error: error } = jumped
  return (
    <details class="event">
      <summary>
        Jump at {clock(jumped.takeoff_seconds)} <span>person {jumped.person}</span>
      </summary>
      <div class="jumps">
        <button type="button" onClick={() => jump(jumped.takeoff_frame)}>
          Take-off, frame {jumped.takeoff_frame}
        </button>
      </div>
      <p>
        {height === null ? (
          <span class="not">Height not measurable: {jumped.words}</span>
        ) : (
          `Height ${number(height * 100, 0)} ± ${number((error ?? 0) * 100, 0)} cm`
        )}
      </p>
    </details>
  )
}

function Way({ way, jump }: { way: Schemas['Cut'] | Schemas['Deceleration']; jump: Jumping }) {
  return (
    <details class="event">
      <summary>
        {way.kind === 'cut' ? 'Cut' : 'Deceleration'} at {clock(way.seconds)} <span>person {way.person}</span>
      </summary>
      <div class="jumps">
        <button type="button" onClick={() => jump(way.frame)}>
          Frame {way.frame}
        </button>
      </div>
      <p>
        {number(way.speed_before, 1)} body heights a second before, {number(way.speed_after, 1)} after.{' '}
        {way.not_measurable === null ? amountOf(way) : <span class="not">Not measurable: {way.words}</span>}
      </p>
    </details>
  )
}

function amountOf(way: Schemas['Cut'] | Schemas['Deceleration']): string {
  return way.kind === 'cut'
    ? `Turned by ${number(way.angle_degrees ?? 0, 0)} ± ${number(way.angle_error ?? 0, 0)}° in the picture.`
    : `Lost ${number(way.lost ?? 0, 1)} ± ${number(way.lost_error ?? 0, 1)} body heights a second in a second.`
}

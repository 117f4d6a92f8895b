// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import type { Analysis, Finding } from '../api/client.ts'
import { measured, number, UNITS, words } from '../pure/format.ts'

const STATUS: Record<Finding['status'], string> = {
  for_review: 'For review',
  not_clear: 'Not clear',
  not_enough_repetitions: 'Too few landings',
}

interface Props {
  findings: readonly Finding[]
  movement: Analysis['movement']
  loaded: boolean
  jump: (frame: number) => void
}

/** What is for review first, each with what it rests on. */
export function Findings({ findings, movement, loaded, jump }: Props) {
  const order = Object.keys(STATUS)
  const sorted = [...findings].sort((one, other) => order.indexOf(one.status) - order.indexOf(other.status))
  return (
    <section aria-labelledby="findings">
      <h2 id="findings">Findings</h2>
      {movement === null && (
        <p>This analysis was made before movement was looked for. Send the video again to have it.</p>
      )}
      {movement !== null && loaded && findings.length === 0 && (
        <p>Nothing could be compared with published values. What was seen, and why not more was measured, is below.</p>
      )}
      {sorted.map((finding) => (
        <Card key={`${finding.person} ${finding.measure} ${finding.side}`} finding={finding} jump={jump} />
      ))}
      {findings.length > 0 && (
        <p class="small">For somebody who knows the movement. It is no diagnosis, and says nothing of injury.</p>
      )}
    </section>
  )
}

export function sided(side: string): string {
  return side === 'both' ? '' : `, ${side}`
}

function Card({ finding, jump }: { finding: Finding; jump: (frame: number) => void }) {
  const { reference, unit } = finding
  const beyond = reference.above ? 'above' : 'below'
  return (
    <article class={`card ${finding.status}`}>
      <header>
        <h3>
          {words(finding.measure)}
          {sided(finding.side)}
        </h3>
        <span class="badge">{STATUS[finding.status]}</span>
      </header>
      <p>{finding.words}</p>
      <ul class="shown">
        {finding.shown.map((shown) => (
          <li key={shown.contact_frame}>
            <button type="button" class={shown.clears ? 'clears' : ''} onClick={() => jump(shown.frame)}>
              <strong>{measured(shown.value, shown.error, unit)}</strong>
              <span>frame {shown.frame}</span>
            </button>
          </li>
        ))}
      </ul>
      <dl>
        <dt>Limit</dt>
        <dd>
          {beyond} {number(reference.limit)}
          {UNITS[unit]}
        </dd>
        <dt>Seen</dt>
        <dd>
          person {finding.person}, {finding.view} view, {number(finding.rate, 0)} frames a second, {finding.repetitions}{' '}
          of {finding.needed} landings needed
        </dd>
        <dt>Reference</dt>
        <dd>
          {reference.citation}{' '}
          <span class="small">
            {reference.population}. {words(reference.mark)}.
          </span>
        </dd>
      </dl>
    </article>
  )
}

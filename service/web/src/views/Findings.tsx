// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'preact/hooks'
import type { Analysis, Client, Finding } from '../api/client.ts'
import { measured, number, UNITS, words } from '../pure/format.ts'
import { Reviewing, VERDICTS } from './Review.tsx'

const STATUS: Record<Finding['status'], string> = {
  for_review: 'For review',
  not_clear: 'Not clear',
  not_enough_repetitions: 'Too few landings',
}

interface Props {
  client: Client
  analysis: string
  onError: (error: unknown) => boolean
  findings: readonly Finding[]
  movement: Analysis['movement']
  loaded: boolean
  jump: (frame: number) => void
}

/** What is for review first, each with what it rests on. */
export function Findings({ findings, movement, loaded, ...rest }: Props) {
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
      {sorted.map((finding, index) => (
        <Card key={finding.number ?? index} finding={finding} {...rest} />
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

type CardProps = Pick<Props, 'client' | 'analysis' | 'onError' | 'jump'> & { finding: Finding }

function Card({ finding, jump, ...rest }: CardProps) {
  const { reference, unit } = finding
  const title = words(finding.measure) + sided(finding.side)
  // A service of the release before, which answers too while another comes, numbers no findings and has no reviews.
  const reviewed: Finding['review'] | undefined = finding.review
  const [newest, setNewest] = useState(reviewed ?? null)
  useEffect(() => setNewest(reviewed ?? null), [reviewed])
  const beyond = reference.above ? 'above' : 'below'
  return (
    <article class={`card ${finding.status}`}>
      <header>
        <h3>{title}</h3>
        <span class="badges">
          <span class="badge">{STATUS[finding.status]}</span>
          {reviewed !== undefined && <Verdict finding={finding} newest={newest} />}
        </span>
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
      {reviewed !== undefined && (
        <Reviewing finding={finding} title={title} newest={newest} onReview={setNewest} {...rest} />
      )}
    </article>
  )
}

/** How far the review of a finding is. */
function Verdict({ finding, newest }: { finding: Finding; newest: Finding['review'] }) {
  if (newest !== null) return <span class={`badge verdict ${newest.verdict}`}>{VERDICTS[newest.verdict]}</span>
  return finding.status === 'for_review' ? <span class="badge verdict">Awaits review</span> : null
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useRef, useState } from 'preact/hooks'
import { ApiError, type Client, type Finding, type Review } from '../api/client.ts'
import { ago } from '../pure/format.ts'

type Verdict = Review['verdict']

export const VERDICTS: Record<Verdict, string> = {
  accepted: 'Accepted',
  rejected: 'Rejected',
  needs_another_look: 'Another look',
}
const ASKED: Record<Verdict, string> = { accepted: 'Accept', rejected: 'Reject', needs_another_look: 'Look again' }
const MOST_CHARACTERS = 2000

interface Props {
  client: Client
  analysis: string
  finding: Finding
  /** What the finding is called. */
  title: string
  /** The newest review. */
  newest: Review | null
  onError: (error: unknown) => boolean
  onReview: (review: Review | null) => void
}

/** What was said of a finding so far, and what one says oneself. */
export function Reviewing({ client, analysis, finding, title, newest, onError, onReview }: Props) {
  const [note, setNote] = useState('')
  const [problem, setProblem] = useState('')
  // Nothing is disabled meanwhile: whoever works by the keyboard would lose their place.
  const busy = useRef(false)
  const field = `note-${finding.number}`
  const say = async (verdict: Verdict) => {
    if (busy.current) return
    busy.current = true
    setProblem('')
    try {
      onReview(await client.review(analysis, finding.number, newest?.version ?? 0, { verdict, note: note || null }))
      setNote('')
    } catch (error) {
      if (onError(error)) return
      setProblem(error instanceof Error ? error.message : String(error))
      if (error instanceof ApiError && error.status === 412)
        await client.newestReview(analysis, finding.number).then(onReview, onError)
    } finally {
      busy.current = false
    }
  }
  return (
    <fieldset class="review" aria-label={`Review of ${title}`}>
      <legend>Review</legend>
      {newest !== null && <Entry review={newest} />}
      <label for={field}>Note, if there is something to say</label>
      <textarea
        id={field}
        rows={2}
        maxLength={MOST_CHARACTERS}
        value={note}
        onInput={(event) => setNote(event.currentTarget.value)}
      />
      <div class="verdicts">
        {(Object.keys(ASKED) as Verdict[]).map((verdict) => (
          <button
            key={verdict}
            type="button"
            aria-pressed={newest?.verdict === verdict}
            onClick={() => void say(verdict)}
          >
            {ASKED[verdict]}
          </button>
        ))}
      </div>
      {problem !== '' && (
        <p class="notice" role="alert">
          {problem}
        </p>
      )}
      {newest !== null && newest.version > 1 && (
        <History
          client={client}
          analysis={analysis}
          finding={finding.number}
          before={newest.version}
          onError={onError}
        />
      )}
    </fieldset>
  )
}

function Entry({ review }: { review: Review }) {
  return (
    <div class="entry">
      <p>
        <strong>{VERDICTS[review.verdict]}</strong> by {review.reviewer},{' '}
        <time dateTime={review.reviewed_at}>{ago(review.reviewed_at, Date.now())}</time>
      </p>
      {review.note !== null && <p class="said-so">{review.note}</p>}
    </div>
  )
}

interface HistoryProps {
  client: Client
  analysis: string
  finding: number
  before: number
  onError: (error: unknown) => boolean
}

/** What was said earlier, asked for when somebody wants to see it. */
function History({ client, analysis, finding, before, onError }: HistoryProps) {
  const [entries, setEntries] = useState<readonly Review[]>([])
  const earlier = entries.filter(({ version }) => version < before)
  const load = () => {
    if (earlier.length === 0) client.reviews(analysis, finding).then(setEntries).catch(onError)
  }
  return (
    <details class="history" onToggle={(event) => event.currentTarget.open && load()}>
      <summary>Said before ({before - 1})</summary>
      {earlier.map((review) => (
        <Entry key={review.version} review={review} />
      ))}
    </details>
  )
}

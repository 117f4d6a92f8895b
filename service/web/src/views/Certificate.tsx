// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Client, Erased } from '../api/client.ts'
import { counted, stamp } from '../pure/format.ts'
import { Link } from './Link.tsx'

interface Props {
  client: Client
  erased: Erased
  onError: (error: unknown) => boolean
  onErased: (erased: Erased) => void
  visit: (path: string) => void
}

/** What was erased and when, and what is still to go. */
export function Certificate({ client, erased, onError, onErased, visit }: Props) {
  const { certificate, left } = erased
  const [problem, setProblem] = useState('')
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [left])
  const again = () => {
    setProblem('')
    client.erase(certificate.analysis).then(onErased, (error: unknown) => {
      if (!onError(error)) setProblem(error instanceof Error ? error.message : String(error))
    })
  }
  const gone = certificate.erased_at
  const backups = certificate.backups_expire_at
  return (
    <section class="message certificate">
      <h1 ref={heading} tabIndex={-1}>
        {gone === null ? 'Erased, but for the video' : 'Erased for good'}
      </h1>
      <dl>
        <dt>Analysis</dt>
        <dd>{certificate.analysis}</dd>
        <dt>Asked for</dt>
        <dd>{stamp(certificate.requested_at)}</dd>
        <dt>Gone</dt>
        <dd>{gone === null ? 'all but the video' : stamp(gone)}</dd>
        <dt>Erased</dt>
        <dd>{counted(certificate.erased)}</dd>
        <dt>In backups until</dt>
        <dd>{backups !== null ? stamp(backups) : gone === null ? 'told when the video is gone' : 'not known'}</dd>
      </dl>
      {(problem || left) && (
        <p class="notice" role="alert">
          {problem || left}
        </p>
      )}
      {gone === null && (
        <button type="button" onClick={again}>
          Ask again
        </button>
      )}
      <p>
        <Link to="/" visit={visit}>
          All analyses
        </Link>
      </p>
    </section>
  )
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Client, Erased, Erasure, Remains } from '../api/client.ts'
import { counted, stamp } from '../pure/format.ts'
import { Link } from './Link.tsx'
import { whileSeen } from './whileSeen.ts'

interface Props {
  client: Client
  erased: Erased
  onError: (error: unknown) => boolean
  onErased: (erased: Erased) => void
  visit: (path: string) => void
  /** Go back to the analysis, of which there is the rest. */
  back: () => void
}

const NOT_BLURRED = 'The video is deleted for good then, for all who are in it. Delete it?'

/** What was erased and when, and what is still to go. */
export function Certificate({ client, erased, onError, onErased, visit, back }: Props) {
  const { certificate, left } = erased
  const { problem, ask } = useAsking(client, certificate, onError, onErased)
  const heading = useRef<HTMLHeadingElement>(null)
  const title = titleOf(certificate)
  useEffect(() => heading.current?.focus(), [left, title])
  const blurring = isBlurring(certificate)
  return (
    <section class="message certificate">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      <Facts certificate={certificate} />
      {blurring && (
        <p role="status">
          The video is being blurred, which takes about as long as the analysis did. This page says when it is done; it
          goes on without this page too.
        </p>
      )}
      {(problem || left) && (
        <p class="notice" role="alert">
          {problem || left}
        </p>
      )}
      {certificate.erased_at === null && !blurring && (
        <button type="button" onClick={() => ask()}>
          Ask again
        </button>
      )}
      {blurring && (
        <button type="button" class="danger" onClick={() => confirm(NOT_BLURRED) && ask('delete')}>
          Delete the video instead
        </button>
      )}
      {certificate.person !== null && (
        <button type="button" onClick={back}>
          Back to the analysis
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

/** Asking for a certificate again, which is done by itself while a video is being blurred. */
function useAsking(
  client: Client,
  certificate: Erasure,
  onError: (error: unknown) => boolean,
  onErased: (erased: Erased) => void,
) {
  const [problem, setProblem] = useState('')
  const { analysis, person, footage } = certificate
  const again = useCallback(
    async (remains: Remains): Promise<Erased | null> => {
      try {
        const told = await (person === null ? client.erase(analysis) : client.erasePerson(analysis, person, remains))
        setProblem('')
        return told
      } catch (error) {
        if (!onError(error)) setProblem(error instanceof Error ? error.message : String(error))
        return null
      }
    },
    [client, analysis, person, onError],
  )
  const blurring = isBlurring(certificate)
  useEffect(() => {
    if (!blurring) return
    return whileSeen(async (signal) => {
      const told = await again('blur')
      if (signal.aborted || told === null) return false
      if (isBlurring(told.certificate)) return false
      onErased(told)
      return null
    })
  }, [again, blurring, onErased])
  const ask = (remains: Remains = footage === 'blurred' ? 'blur' : 'delete') =>
    void again(remains).then((told) => told && onErased(told))
  return { problem, ask }
}

function isBlurring({ person, footage, erased_at }: Erasure): boolean {
  return person !== null && footage === 'blurred' && erased_at === null
}

function titleOf({ person, footage, erased_at: gone }: Erasure): string {
  if (person === null) return gone === null ? 'Erased, but for the video' : 'Erased for good'
  if (gone === null) return `Person ${person} is erased, but for the video`
  return `Person ${person} is erased, and ${footage === 'blurred' ? 'blurred in the video' : 'the video with them'}`
}

function Facts({ certificate }: { certificate: Erasure }) {
  const { analysis, person, requested_at, erased_at: gone, erased, backups_expire_at: backups } = certificate
  return (
    <dl>
      <dt>Analysis</dt>
      <dd>{analysis}</dd>
      {person !== null && <dt>Person</dt>}
      {person !== null && <dd>{person}</dd>}
      <dt>Asked for</dt>
      <dd>{stamp(requested_at)}</dd>
      <dt>Gone</dt>
      <dd>{gone === null ? 'all but the video' : stamp(gone)}</dd>
      <dt>Erased</dt>
      <dd>{counted(erased)}</dd>
      <dt>In backups until</dt>
      <dd>{backups !== null ? stamp(backups) : gone === null ? 'told when the video is gone' : 'not known'}</dd>
    </dl>
  )
}

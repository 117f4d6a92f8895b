// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useRef, useState } from 'preact/hooks'
import { ApiError, type Client, type Erased } from '../api/client.ts'

interface Props {
  client: Client
  id: string
  onError: (error: unknown) => boolean
  onErased: (erased: Erased) => void
}

const NO_ANSWER =
  'The service gave no answer, so it may be erased or not. Check the connection and press again: nothing is erased twice.'

/** The way to erase an analysis, which asks first. */
export function Erase({ client, id, onError, onErased }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const erase = async () => {
    if (busy) return
    setBusy(true)
    setProblem('')
    try {
      onErased(await client.erase(id))
    } catch (error) {
      if (onError(error)) return
      const told = error instanceof Error ? error.message : String(error)
      setProblem(error instanceof ApiError && error.status === 0 ? NO_ANSWER : told)
      setBusy(false)
    }
  }
  // Nothing is disabled meanwhile, and nothing closes: whoever works by the keyboard would lose their place.
  return (
    <>
      <button type="button" class="danger" onClick={() => dialog.current?.showModal()}>
        Erase
      </button>
      <dialog
        ref={dialog}
        aria-labelledby="erase"
        onCancel={(event) => busy && event.preventDefault()}
        onClose={() => setProblem('')}
      >
        <h2 id="erase">Erase this analysis for good?</h2>
        <p>This cannot be undone. What goes:</p>
        <ul>
          <li>the video, with all its versions</li>
          <li>persons, poses and measures</li>
          <li>events and findings</li>
          <li>all reviews with their notes</li>
        </ul>
        <p>
          Backups of the database may hold it, though not the video, until the day that the certificate states. Copies
          that somebody downloaded stay, and so does the record of who saw it and who erased it.
        </p>
        {problem !== '' && (
          <p class="notice" role="alert">
            {problem}
          </p>
        )}
        <div class="verdicts">
          <button type="button" onClick={() => busy || dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" class="danger" onClick={() => void erase()}>
            {busy ? 'Erasing …' : 'Erase for good'}
          </button>
        </div>
      </dialog>
    </>
  )
}

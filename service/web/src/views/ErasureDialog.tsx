// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import type { ComponentChildren } from 'preact'
import { useId, useRef, useState } from 'preact/hooks'
import { ApiError, type Erased } from '../api/client.ts'

interface Props {
  /** What the button says that opens it. */
  label: string
  title: string
  /** What goes, and what stays. */
  children: ComponentChildren
  erase: () => Promise<Erased>
  onError: (error: unknown) => boolean
  onErased: (erased: Erased) => void
}

const NO_ANSWER =
  'The service gave no answer, so it may be erased or not. Check the connection and press again: nothing is erased twice.'
const NOT_PLACED =
  'The analysis does not have where this person is in the video, so they cannot be blurred in it. Nothing was erased. ' +
  'Have the video deleted instead, or leave it.'

/** A way to erase something for good, which asks first. */
export function ErasureDialog({ label, title, children, erase, onError, onErased }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const sure = async () => {
    if (busy) return
    setBusy(true)
    setProblem('')
    try {
      onErased(await erase())
    } catch (error) {
      if (onError(error)) return
      setProblem(inWords(error))
      setBusy(false)
    }
  }
  // Nothing is disabled meanwhile, and nothing closes: whoever works by the keyboard would lose their place.
  return (
    <>
      <button type="button" class="danger" onClick={() => dialog.current?.showModal()}>
        {label}
      </button>
      <dialog
        ref={dialog}
        aria-labelledby={heading}
        onCancel={(event) => busy && event.preventDefault()}
        onClose={() => setProblem('')}
      >
        <h2 id={heading}>{title}</h2>
        {children}
        {problem !== '' && (
          <p class="notice" role="alert">
            {problem}
          </p>
        )}
        <div class="verdicts">
          <button type="button" onClick={() => busy || dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" class="danger" onClick={() => void sure()}>
            {busy ? 'Erasing …' : 'Erase for good'}
          </button>
        </div>
      </dialog>
    </>
  )
}

function inWords(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error)
  if (error.status === 0) return NO_ANSWER
  return error.code === 'person_not_placed' ? NOT_PLACED : error.message
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, type Client } from '../api/client.ts'
import { size } from '../pure/format.ts'

interface Sending {
  file: File
  key: string
  sent: number
  error: unknown
}

/** Send a video, with how far it is. */
export function UploadForm(props: {
  client: Client
  onSent: (id: string) => void
  onError: (error: unknown) => boolean
}) {
  const { client, onSent, onError } = props
  const [sending, setSending] = useState<Sending | null>(null)
  const stop = useRef<AbortController | null>(null)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => () => stop.current?.abort(), [])

  const send = async (file: File, key: string) => {
    const control = new AbortController()
    stop.current = control
    setSending({ file, key, sent: 0, error: null })
    try {
      const told = await client.send(file, key, (sent) => setSending({ file, key, sent, error: null }), control.signal)
      setSending(null)
      if (input.current) input.current.value = ''
      onSent(told.id)
    } catch (error) {
      if (control.signal.aborted) setSending(null)
      else if (!onError(error)) setSending({ file, key, sent: 0, error })
    }
  }

  const choose = (file: File | undefined) => {
    if (file) void send(file, crypto.randomUUID())
  }
  const busy = sending !== null && sending.error === null
  return (
    <form class="upload" aria-label="Send a video" onSubmit={(event) => event.preventDefault()}>
      <label class={`primary file${busy ? ' disabled' : ''}`}>
        Send a video
        <input
          ref={input}
          type="file"
          accept="video/*,.mkv,.ts,.mts"
          disabled={busy}
          onChange={(event) => choose(event.currentTarget.files?.[0])}
        />
      </label>
      {busy && <Progress sending={sending} stop={() => stop.current?.abort()} />}
      {sending !== null && sending.error !== null && (
        <p class="notice" role="alert">
          {sending.file.name}: {wordsOf(sending.error)}{' '}
          {isForAgain(sending.error) && (
            <button type="button" onClick={() => void send(sending.file, sending.key)}>
              Send again
            </button>
          )}
        </p>
      )}
    </form>
  )
}

function Progress(props: { sending: Sending; stop: () => void }) {
  const { file, sent } = props.sending
  const done = file.size > 0 ? Math.min(1, sent / file.size) : 1
  return (
    <div class="progress">
      <label for="upload-progress">{done < 1 ? `Sending ${file.name}` : `${file.name} is being checked`}</label>
      <progress id="upload-progress" max={1} value={done} />
      <span>
        {size(Math.min(sent, file.size))} of {size(file.size)}
      </span>
      <button type="button" class="quiet" onClick={props.stop}>
        Stop
      </button>
    </div>
  )
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whether the same video may be taken another time. */
function isForAgain(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    (error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500)
  )
}

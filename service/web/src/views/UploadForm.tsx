// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { ApiError } from '../api/client.ts'
import { size } from '../pure/format.ts'
import type { Sending, Upload } from './useUpload.ts'

/** Choose a video to send. */
export function UploadForm({ upload }: { upload: Upload }) {
  return (
    <form class="upload" aria-label="Send a video" onSubmit={(event) => event.preventDefault()}>
      <label class={`primary file${upload.busy ? ' disabled' : ''}`}>
        Send a video
        <input
          type="file"
          accept="video/*,.mkv,.ts,.mts"
          disabled={upload.busy}
          onChange={({ currentTarget }) => {
            upload.choose(currentTarget.files?.[0])
            // The same file chosen another time is a change again.
            currentTarget.value = ''
          }}
        />
      </label>
    </form>
  )
}

/** How far the upload is, or how it ended. */
export function UploadState({ upload }: { upload: Upload }) {
  const { sending, busy, accepted } = upload
  return (
    <div class="upload">
      {sending !== null && busy && <Progress sending={sending} stop={upload.stop} />}
      <p role="status">{accepted && `${accepted} was accepted`}</p>
      {sending !== null && !busy && (
        <p class="notice" role="alert">
          {sending.file.name} was not sent. {wordsOf(sending.error)}{' '}
          {isForAgain(sending.error) && (
            <button type="button" onClick={upload.again}>
              Send again
            </button>
          )}{' '}
          <button type="button" class="quiet" onClick={upload.stop}>
            Close
          </button>
        </p>
      )}
    </div>
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
    error instanceof ApiError && (error.status === 0 || [408, 409, 429].includes(error.status) || error.status >= 500)
  )
}

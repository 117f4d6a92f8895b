// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'preact/hooks'
import type { Client, Listed } from '../api/client.ts'
import { ago } from '../pure/format.ts'
import { Link } from './Link.tsx'
import { Loading, Message, Problem } from './Message.tsx'
import { UploadForm } from './UploadForm.tsx'
import { useList } from './useList.ts'
import type { Upload } from './useUpload.ts'

interface Props {
  client: Client
  onError: (error: unknown) => boolean
  visit: (path: string) => void
  upload: Upload
}

/** All analyses of the team, newest first; their states stay current by themselves. */
export function ListPage({ client, onError, visit, upload }: Props) {
  const [round, setRound] = useState(0)
  const [awaiting, setAwaiting] = useState(false)
  const { items, own, error, older, loading } = useList(client, onError, awaiting, `${round} ${upload.count}`)
  const again = () => setRound((count) => count + 1)
  return (
    <>
      <div class="heading">
        <h1>Analyses</h1>
        <UploadForm upload={upload} />
      </div>
      {own && <OnlySend />}
      {error !== null && <Problem error={error} again={again} />}
      {items !== null && !own && (awaiting || items.length > 0) && (
        <label class="choice filter">
          <input type="checkbox" checked={awaiting} onChange={(event) => setAwaiting(event.currentTarget.checked)} />
          Only what awaits review
        </label>
      )}
      {items === null && error === null && <Loading what="the analyses" />}
      {items?.length === 0 && awaiting && (
        <Message title="Nothing awaits review">
          <p>Every finding that is for review has been accepted or rejected.</p>
        </Message>
      )}
      {items?.length === 0 && !awaiting && !own && (
        <Message title="Nothing here yet">
          <p>
            Send the first video. A good one shows one or a few athletes from the side or from the front, whole, with a
            camera that stands still, at 60 frames a second or more.
          </p>
        </Message>
      )}
      {items !== null && items.length > 0 && (
        <ul class="analyses">
          {items.map((item) => (
            <Row key={item.id} item={item} visit={own ? null : visit} />
          ))}
        </ul>
      )}
      {older !== null && (
        <button type="button" class="older" disabled={loading} onClick={older}>
          Show older ones
        </button>
      )}
    </>
  )
}

export const STATES: Record<Listed['status'], string> = {
  queued: 'Waiting',
  running: 'Being analysed',
  succeeded: 'Ready',
  failed: 'Failed',
}

function awaits(count: number): string {
  return count === 1 ? '1 finding awaits review' : `${count} findings await review`
}

function OnlySend() {
  return (
    <Message title="Only for sending">
      <p>
        With the role uploader you may send videos, and see here how far yours are; seeing what was found needs the role
        reviewer.
      </p>
    </Message>
  )
}

/** `visit`: null for whoever may not see what was found. */
function Row({ item, visit }: { item: Listed; visit: ((path: string) => void) | null }) {
  const told = (
    <>
      <span class="name">{item.filename ?? 'Video without a name'}</span>
      <span class={`state ${item.status}`}>{STATES[item.status]}</span>
      <span class="when">
        <time dateTime={item.created_at}>{ago(item.created_at, Date.now())}</time>
        {visit && (item.awaits_review ?? 0) > 0 && <span class="awaits"> · {awaits(item.awaits_review ?? 0)}</span>}
        {item.error && <span> · {item.error.message}</span>}
      </span>
    </>
  )
  return (
    <li>
      {visit === null ? (
        <div class="row">{told}</div>
      ) : (
        <Link to={`/analyses/${item.id}`} visit={visit}>
          {told}
        </Link>
      )}
    </li>
  )
}

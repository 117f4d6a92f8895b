// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'preact/hooks'
import type { Client, Listed } from '../api/client.ts'
import { ago } from '../pure/format.ts'
import { Link } from './Link.tsx'
import { Loading, Message, Problem } from './Message.tsx'
import { UploadForm } from './UploadForm.tsx'
import { isForbidden, useList } from './useList.ts'
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
  const { items, error, older, loading } = useList(client, onError, `${round} ${upload.count}`)
  const again = () => setRound((count) => count + 1)
  return (
    <>
      <div class="heading">
        <h1>Analyses</h1>
        <UploadForm upload={upload} />
      </div>
      {isForbidden(error) ? <OnlySend /> : error !== null && <Problem error={error} again={again} />}
      {items === null && error === null && <Loading what="the analyses" />}
      {items?.length === 0 && (
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
            <Row key={item.id} item={item} visit={visit} />
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

function OnlySend() {
  return (
    <Message title="Only for sending">
      <p>With the role uploader you may send videos; seeing them needs the role reviewer.</p>
    </Message>
  )
}

function Row({ item, visit }: { item: Listed; visit: (path: string) => void }) {
  return (
    <li>
      <Link to={`/analyses/${item.id}`} visit={visit}>
        <span class="name">{item.filename ?? 'Video without a name'}</span>
        <span class={`state ${item.status}`}>{STATES[item.status]}</span>
        <span class="when">
          <time dateTime={item.created_at}>{ago(item.created_at, Date.now())}</time>
          {item.error && <span> · {item.error.message}</span>}
        </span>
      </Link>
    </li>
  )
}

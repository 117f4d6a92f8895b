// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Client, Listed } from '../api/client.ts'
import { nextDelay } from '../pure/backoff.ts'
import { ago } from '../pure/format.ts'
import { merged } from '../pure/paging.ts'
import { Loading, Message, Problem } from './Message.tsx'
import { isPlain } from './routes.ts'
import { UploadForm } from './UploadForm.tsx'

interface Props {
  client: Client
  onError: (error: unknown) => boolean
  visit: (path: string) => void
}

/** All analyses of the team, newest first; their states stay current by themselves. */
export function ListPage({ client, onError, visit }: Props) {
  const [items, setItems] = useState<Listed[] | null>(null)
  const [next, setNext] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [round, setRound] = useState(0)
  const known = useRef<Listed[]>([])

  useEffect(() => {
    const control = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let delay: number | null = null
    const look = async () => {
      let changed = false
      try {
        const page = await client.analyses(null, control.signal)
        const all = merged(known.current, page.items)
        changed = JSON.stringify(all) !== JSON.stringify(known.current)
        if (known.current.length === 0 || all.length === page.items.length) setNext(page.next)
        known.current = all
        setItems(all)
        setError(null)
      } catch (problem) {
        if (control.signal.aborted || onError(problem)) return
        setError(problem)
      }
      delay = nextDelay(delay, changed)
      timer = setTimeout(look, delay)
    }
    const wake = () => {
      if (document.hidden) return
      clearTimeout(timer)
      delay = null
      void look()
    }
    void look()
    document.addEventListener('visibilitychange', wake)
    return () => {
      control.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', wake)
    }
  }, [client, onError, round])

  const older = useCallback(async () => {
    try {
      const page = await client.analyses(next)
      known.current = [...known.current, ...page.items]
      setItems(known.current)
      setNext(page.next)
    } catch (problem) {
      if (!onError(problem)) setError(problem)
    }
  }, [client, next, onError])

  const again = () => setRound((count) => count + 1)
  return (
    <>
      <div class="heading">
        <h1>Analyses</h1>
        <UploadForm client={client} onSent={again} onError={onError} />
      </div>
      {error !== null && <Problem error={error} again={again} />}
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
      {next !== null && (
        <button type="button" class="older" onClick={() => void older()}>
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

function Row({ item, visit }: { item: Listed; visit: (path: string) => void }) {
  const path = `/analyses/${item.id}`
  return (
    <li>
      <a
        href={path}
        onClick={(event) => {
          if (!isPlain(event)) return
          event.preventDefault()
          visit(path)
        }}
      >
        <span class="name">{item.filename ?? 'Video without a name'}</span>
        <span class={`state ${item.status}`}>{STATES[item.status]}</span>
        <span class="when">
          <time dateTime={item.created_at}>{ago(item.created_at, Date.now())}</time>
          {item.error && <span> · {item.error.message}</span>}
        </span>
      </a>
    </li>
  )
}

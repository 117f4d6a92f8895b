// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, type Client } from '../api/client.ts'
import { reasonOf, type Session } from '../session.ts'
import { AnalysisPage } from './AnalysisPage.tsx'
import { Link } from './Link.tsx'
import { ListPage } from './ListPage.tsx'
import { Message } from './Message.tsx'
import { analysisOf, usePath } from './routes.ts'
import { UploadState } from './UploadForm.tsx'
import { useUpload } from './useUpload.ts'

/** The whole console: who it is, and the page of the path. */
export function App(props: { client: Client; session: Session; problem: string; largest: number | null }) {
  const { client, session } = props
  const [path, go] = usePath()
  const [problem, setProblem] = useState(props.problem)
  const [signedIn, setSignedIn] = useState(session.signedIn)
  const main = useRef<HTMLElement>(null)
  const identity = analysisOf(path)

  const signIn = useCallback(() => {
    setProblem('')
    session.signIn().catch((error: unknown) => setProblem(reasonOf(error)))
  }, [session])

  const { upload, onError } = useEnd(client, session, props.largest, (reason) => {
    session.forget()
    setProblem(reason)
    setSignedIn(false)
  })

  useEffect(() => {
    document.title = identity === null ? 'Analyses · Fastbreak review' : 'Analysis · Fastbreak review'
  }, [identity])

  const visit = (target: string) => {
    go(target)
    main.current?.focus()
  }

  return (
    <>
      <header class="bar">
        <Link to="/" class="brand" visit={visit}>
          Fastbreak <span>review</span>
        </Link>
        <UploadState upload={upload} />
        {signedIn && !session.open && (
          <div class="who">
            <span>{session.person}</span>
            <button
              type="button"
              class="quiet"
              onClick={() => {
                if (upload.running() && !confirm('A video is still being sent, which ends with this. Sign out?')) return
                upload.stop()
                session.signOut()
                setProblem('')
                setSignedIn(false)
              }}
            >
              Sign out
            </button>
          </div>
        )}
      </header>
      <main ref={main} tabIndex={-1}>
        {!signedIn ? (
          <SignedOut problem={problem} signIn={signIn} />
        ) : identity !== null ? (
          <AnalysisPage key={identity} client={client} id={identity} onError={onError} visit={visit} />
        ) : path === '/' ? (
          <ListPage client={client} onError={onError} visit={visit} upload={upload} />
        ) : (
          <Message title="There is no such page">
            <p>
              Go to{' '}
              <Link to="/" visit={visit}>
                all analyses
              </Link>
              .
            </p>
          </Message>
        )}
      </main>
    </>
  )
}

/** The upload, and the end of a sign-in: one that a page meets waits for the upload, which may still be taken. */
function useEnd(client: Client, session: Session, largest: number | null, end: (reason: string) => void) {
  const due = useRef('')
  const reasonFor = (error: unknown) =>
    error instanceof ApiError && error.status === 401 && !session.open ? session.ended(error.message) : ''
  const upload = useUpload(client, largest, (error) => {
    const reason = due.current || reasonFor(error)
    due.current = ''
    if (reason) end(reason)
  })
  const onError = useCallback(
    (error: unknown): boolean => {
      const reason = reasonFor(error)
      if (reason && upload.running()) due.current = reason
      else if (reason) end(reason)
      return reason !== ''
    },
    [session],
  )
  return { upload, onError }
}

function SignedOut(props: { problem: string; signIn: () => void }) {
  return (
    <div class="narrow">
      <section class="welcome">
        <h1>Look at how your athletes land</h1>
        <p>Send a video, see where it was measured and how sure that is, and judge for yourself what is for review.</p>
        {props.problem && (
          <p class="notice" role="alert">
            {props.problem}
          </p>
        )}
        <button type="button" class="primary" onClick={props.signIn}>
          Sign in
        </button>
      </section>
    </div>
  )
}

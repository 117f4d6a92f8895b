// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, type Client } from '../api/client.ts'
import { reasonOf, type Session } from '../session.ts'
import { AnalysisPage } from './AnalysisPage.tsx'
import { ListPage } from './ListPage.tsx'
import { Message } from './Message.tsx'
import { analysisOf, isPlain, usePath } from './routes.ts'

/** The whole console: who it is, and the page of the path. */
export function App(props: { client: Client; session: Session; problem: string }) {
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

  const onError = useCallback(
    (error: unknown): boolean => {
      if (!(error instanceof ApiError) || error.status !== 401 || session.open) return false
      session.forget()
      setProblem('Your sign-in has ended. Sign in again to go on where you were.')
      setSignedIn(false)
      return true
    },
    [session],
  )

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
        <a
          href="/"
          class="brand"
          onClick={(event) => {
            if (!isPlain(event)) return
            event.preventDefault()
            visit('/')
          }}
        >
          Fastbreak <span>review</span>
        </a>
        {signedIn && !session.open && (
          <div class="who">
            <span>{session.person}</span>
            <button
              type="button"
              class="quiet"
              onClick={() => {
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
          <AnalysisPage key={identity} client={client} id={identity} onError={onError} />
        ) : path === '/' ? (
          <ListPage client={client} onError={onError} visit={visit} />
        ) : (
          <Message title="There is no such page">
            <p>
              Go to <a href="/">all analyses</a>.
            </p>
          </Message>
        )}
      </main>
    </>
  )
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

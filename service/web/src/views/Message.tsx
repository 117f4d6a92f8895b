// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import type { ComponentChildren } from 'preact'
import { ApiError } from '../api/client.ts'

/** A state in words: what is, and what to do. */
export function Message(props: { title: string; kind?: 'plain' | 'problem'; children?: ComponentChildren }) {
  const { title, kind = 'plain', children } = props
  return (
    <section class={`message ${kind}`} role={kind === 'problem' ? 'alert' : undefined}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

/** What the service refused, and what to do. */
export function Problem(props: { error: unknown; again?: () => void }) {
  const { error, again } = props
  const code = error instanceof ApiError ? error.code : ''
  const told = error instanceof Error ? error.message : String(error)
  const titles: Record<string, string> = {
    forbidden: 'You may not see this',
    not_found: 'There is no such analysis',
    away: 'The service is out of reach',
  }
  return (
    <Message title={titles[code] ?? 'That did not work'} kind="problem">
      <p>{told}</p>
      {again && code !== 'forbidden' && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </Message>
  )
}

export function Loading(props: { what: string }) {
  return (
    <p class="loading" role="status">
      Loading {props.what} …
    </p>
  )
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import type { ComponentChildren } from 'preact'
import { isPlain } from './routes.ts'

/** A way to another page of this site, which does not load it anew: that would forget who has signed in. */
export function Link(props: {
  to: string
  visit: (path: string) => void
  class?: string
  children: ComponentChildren
}) {
  const { to, visit, children } = props
  return (
    <a
      href={to}
      class={props.class}
      onClick={(event) => {
        if (!isPlain(event)) return
        event.preventDefault()
        visit(to)
      }}
    >
      {children}
    </a>
  )
}

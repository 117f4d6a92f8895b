// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { looking } from '../pure/backoff.ts'

/** Look now and again while the page is seen, and at once when it is seen again. Gives what ends that. */
export function whileSeen(look: (signal: AbortSignal) => Promise<boolean | null>): () => void {
  const loop = looking(look)
  const turn = () => (document.hidden ? loop.rest() : loop.wake())
  document.addEventListener('visibilitychange', turn)
  if (document.hidden) loop.rest()
  return () => {
    loop.end()
    document.removeEventListener('visibilitychange', turn)
  }
}

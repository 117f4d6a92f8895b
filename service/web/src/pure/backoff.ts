// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Looking again and again, ever more seldom. */

export const SOONEST = 2_000
export const LATEST = 30_000

/** Milliseconds: soon after a change, then ever later. `before` is null for the first wait. */
export function nextDelay(before: number | null, changed: boolean): number {
  return before === null || changed ? SOONEST : Math.min(LATEST, Math.round(before * 1.5))
}

/**
 * Look now and again and again, one look at a time, until a look gives null. A look tells whether something changed.
 * `wake` looks at once, unless a look is under way or all has ended.
 */
export function looking(look: () => Promise<boolean | null>): { wake: () => void; end: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let delay: number | null = null
  let ready = false
  let ended = false
  const turn = async () => {
    ready = false
    const changed = await look()
    if (ended || changed === null) return
    delay = nextDelay(delay, changed)
    timer = setTimeout(turn, delay)
    ready = true
  }
  const wake = () => {
    if (!ready) return
    clearTimeout(timer)
    delay = null
    void turn()
  }
  const end = () => {
    ended = true
    ready = false
    clearTimeout(timer)
  }
  void turn()
  return { wake, end }
}

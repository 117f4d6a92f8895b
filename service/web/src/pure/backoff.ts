// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Looking again and again, ever more seldom. */

export const SOONEST = 2_000
export const LATEST = 30_000

/** Milliseconds: soon after a change, then ever later. `before` is null for the first wait. */
export function nextDelay(before: number | null, changed: boolean): number {
  return before === null || changed ? SOONEST : Math.min(LATEST, Math.round(before * 1.5))
}

export interface Looking {
  /** Look at once, unless a look is under way or all has ended. */
  wake: () => void
  /** Give up what is under way, and look no more until the next `wake`. */
  rest: () => void
  /** Rest for ever. */
  end: () => void
}

/**
 * Look now and again and again, one look at a time, until a look gives null. A look tells whether something changed; what
 * one tells whose signal is aborted counts for nothing.
 */
export function looking(look: (signal: AbortSignal) => Promise<boolean | null>): Looking {
  let timer: ReturnType<typeof setTimeout> | undefined
  let delay: number | null = null
  let current: AbortController | null = null
  let ended = false
  const turn = async () => {
    const own = new AbortController()
    current = own
    const changed = await look(own.signal)
    if (own.signal.aborted) return
    current = null
    ended ||= changed === null
    if (ended) return
    delay = nextDelay(delay, changed === true)
    timer = setTimeout(turn, delay)
  }
  const wake = () => {
    if (ended || current !== null) return
    clearTimeout(timer)
    delay = null
    void turn()
  }
  const rest = () => {
    clearTimeout(timer)
    current?.abort()
    current = null
  }
  const end = () => {
    ended = true
    rest()
  }
  void turn()
  return { wake, rest, end }
}

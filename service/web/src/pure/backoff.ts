// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** How long to wait before looking again. */

export const SOONEST = 2_000
export const LATEST = 30_000

/** Milliseconds: soon after a change, then ever later. `before` is null for the first wait. */
export function nextDelay(before: number | null, changed: boolean): number {
  return before === null || changed ? SOONEST : Math.min(LATEST, Math.round(before * 1.5))
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** How far an analysis is, as its events tell. */

import type { ServerEvent } from './events.ts'

const STATES = ['queued', 'running', 'succeeded', 'failed'] as const
export type Status = (typeof STATES)[number]

export interface Progress {
  status: Status
  segments: { count: number; ended: number } | null
}

/** What an event tells; null where that is not how far an analysis is. Throws SyntaxError where its data are no JSON. */
export function progressOf({ name, data }: ServerEvent): Progress | null {
  if (name !== 'status') return null
  const told = JSON.parse(data) as { status?: unknown; segments?: unknown; segments_ended?: unknown } | null
  const status = STATES.find((state) => state === told?.status)
  if (status === undefined) return null
  const { segments: count, segments_ended: ended } = told ?? {}
  return { status, segments: typeof count === 'number' && typeof ended === 'number' ? { count, ended } : null }
}

/** Whether nothing more will happen to it. */
export function isOver(status: Status): boolean {
  return status === 'succeeded' || status === 'failed'
}

/** Whether two tell the same. */
export function isSame(one: Progress, other: Progress): boolean {
  return one.status === other.status && one.segments?.ended === other.segments?.ended
}

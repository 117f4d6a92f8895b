// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { type Analysis, ApiError, type Client, type Correction, type Doubt } from '../api/client.ts'

interface Known {
  version: number
  corrections: readonly Correction[]
  doubts: readonly Doubt[]
}

/** `known`: null where persons cannot be corrected, and where it could not be loaded for a `problem`. */
export interface Who {
  known: Known | null
  problem: unknown
}

const NOBODY: Who = { known: null, problem: null }

/** Where it is in doubt who is who in an analysis, and what was said of it. */
export async function whoIsWho(
  client: Client,
  { id, status, video }: Analysis,
  onError: (error: unknown) => boolean,
  signal: AbortSignal,
): Promise<Who> {
  if (status !== 'succeeded' || video === null) return NOBODY
  try {
    const { version, corrections, correctable } = await client.corrections(id, signal)
    if (!correctable) return NOBODY
    return { known: { version, corrections, doubts: await client.doubts(id, signal) }, problem: null }
  } catch (problem) {
    // A service of the release before knows nothing of it.
    if (problem instanceof ApiError && problem.status === 404) return NOBODY
    if (signal.aborted || onError(problem)) throw problem
    return { known: null, problem }
  }
}

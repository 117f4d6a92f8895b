// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Asking again for what may be asked twice, since a browser drops its requests whenever the network changes. */

/** Milliseconds before each further try. */
export const WAITS: readonly number[] = [300, 1_500]

/** What `ask` answers. It is asked again when the way there failed, which `fetch` tells by a TypeError without code. */
export async function patiently<T>(
  ask: () => Promise<T>,
  signal?: AbortSignal | null,
  waits: readonly number[] = WAITS,
): Promise<T> {
  for (const wait of waits) {
    try {
      return await ask()
    } catch (error) {
      if (!isOfTheWay(error) || signal?.aborted) throw error
    }
    await new Promise((done) => setTimeout(done, wait))
    signal?.throwIfAborted()
  }
  return ask()
}

/** Whether a request did not get there, or its answer not back. */
export function isOfTheWay(error: unknown): boolean {
  return error instanceof TypeError && (error as { code?: unknown }).code === undefined
}

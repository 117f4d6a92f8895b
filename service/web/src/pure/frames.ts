// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Which frame a moment of a video shows. Times are in seconds, in ascending order. */

/** Browsers round a frame's time; frames of 240 a second are 4 ms apart. */
export const EPSILON = 0.0005

/**
 * The last index whose time is at most `moment`, or -1 before the first. Never asks for equality: after a paused seek
 * some browsers give the time that was asked for instead of the frame's.
 */
export function lastAt(times: ArrayLike<number>, moment: number, epsilon = EPSILON): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] as number) <= moment + epsilon) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** As `lastAt`, or -1 when that was longer than `hold` ago: nobody was seen since. */
export function shownAt(times: ArrayLike<number>, moment: number, hold: number): number {
  const index = lastAt(times, moment)
  return index >= 0 && moment - (times[index] as number) <= hold ? index : -1
}

/** Where to seek so that the frame of a time is shown, whichever way a browser rounds. */
export function seekable(time: number): number {
  return time + EPSILON
}

/** The time of a frame: as it was told, else as the clip's rate has it. */
export function timeOf(frame: number, told: ReadonlyMap<number, number>, rate: number): number {
  return told.get(frame) ?? (rate > 0 ? frame / rate : 0)
}

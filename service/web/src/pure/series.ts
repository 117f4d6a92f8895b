// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Measures and poses in the form in which plots and the skeleton need them. */

import type { components } from '../api/schema.ts'

export type Measure = components['schemas']['Measure']
export type Pose = components['schemas']['Pose']

/** The angles that share a plot, in the order in which they are shown. */
export const PLOTS = [
  'knee_flexion',
  'hip_flexion',
  'ankle_dorsiflexion',
  'trunk_lean',
  'shoulder_flexion',
  'elbow_flexion',
]

export interface Plot {
  name: string
  labels: string[]
  /** Times, then a list for each label; null where an angle was not measured, so that the line breaks. */
  data: [number[], ...(number | null)[][]]
}

/** The plots of one person. */
export function plots(measures: readonly Measure[]): Plot[] {
  const frames = new Map(measures.map((measure) => [measure.frame, measure.time_seconds]))
  const order = [...frames.keys()].sort((one, other) => one - other)
  const places = new Map(order.map((frame, place) => [frame, place]))
  const times = order.map((frame) => frames.get(frame) as number)
  return PLOTS.flatMap((name) => {
    const lines = [`left_${name}`, `right_${name}`, name].flatMap((angle) => {
      const mine = measures.filter((measure) => measure.angle === angle)
      if (mine.length === 0) return []
      const line: (number | null)[] = new Array(order.length).fill(null)
      for (const measure of mine) line[places.get(measure.frame) as number] = measure.value_degrees
      return [{ label: angle === name ? 'Trunk' : angle.startsWith('left_') ? 'Left' : 'Right', line }]
    })
    if (lines.length === 0) return []
    return [{ name, labels: lines.map(({ label }) => label), data: [times, ...lines.map(({ line }) => line)] }]
  })
}

/** Poses by person, each with its times. */
export interface Track {
  times: number[]
  poses: Pose[]
}

/** Put a page of poses to the tracks that it belongs to. */
export function extend(tracks: Map<number, Track>, page: readonly Pose[]): Map<number, Track> {
  for (const pose of page) {
    const track = tracks.get(pose.person) ?? { times: [], poses: [] }
    track.times.push(pose.time_seconds)
    track.poses.push(pose)
    tracks.set(pose.person, track)
  }
  return new Map(tracks)
}

/** The times of all frames in which anybody was seen. */
export function frameTimes(tracks: ReadonlyMap<number, Track>): Map<number, number> {
  const times = new Map<number, number>()
  for (const { poses } of tracks.values()) for (const pose of poses) times.set(pose.frame, pose.time_seconds)
  return times
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Which joints a line joins, and whose side it is. */

export type Side = 'left' | 'right' | 'middle'

const LIMBS = [
  ['shoulder', 'elbow'],
  ['elbow', 'wrist'],
  ['shoulder', 'hip'],
  ['hip', 'knee'],
  ['knee', 'ankle'],
  ['ankle', 'heel'],
  ['heel', 'foot_index'],
  ['ankle', 'foot_index'],
] as const

export const BONES: readonly { from: string; to: string; side: Side }[] = [
  { from: 'left_shoulder', to: 'right_shoulder', side: 'middle' },
  { from: 'left_hip', to: 'right_hip', side: 'middle' },
  ...(['left', 'right'] as const).flatMap((side) =>
    LIMBS.map(([from, to]) => ({ from: `${side}_${from}`, to: `${side}_${to}`, side })),
  ),
]

export type Point = readonly [number, number]

/** The lines of a pose, without those to a joint that was hidden. */
export function lines(
  joints: readonly string[],
  points: readonly (readonly number[] | null)[],
): { from: Point; to: Point; side: Side }[] {
  const places = new Map(joints.map((joint, place) => [joint, points[place] ?? null]))
  return BONES.flatMap(({ from, to, side }) => {
    const [start, end] = [places.get(from), places.get(to)]
    return start?.length === 2 && end?.length === 2
      ? [{ from: start as unknown as Point, to: end as unknown as Point, side }]
      : []
  })
}

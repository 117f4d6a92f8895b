// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LATEST, looking, nextDelay, SOONEST } from '../src/pure/backoff.ts'
import { ago, clock, counted, lookedFor, measured, number, size, stamp, words } from '../src/pure/format.ts'
import { EPSILON, lastAt, seekable, shownAt, timeOf } from '../src/pure/frames.ts'
import { appended, merged, type Page, pages, replaced, unfinished } from '../src/pure/paging.ts'
import { extend, frameTimes, type Measure, type Pose, plots } from '../src/pure/series.ts'
import { lines } from '../src/pure/skeleton.ts'

test('a frame is shown from its time until the next one, whatever the rate', () => {
  const times = [0, 0.033367, 0.05, 0.1001, 0.5]
  for (const [index, time] of times.entries()) {
    assert.equal(lastAt(times, time), index)
    assert.equal(lastAt(times, time - EPSILON / 2), index, 'a browser that rounds down')
    assert.equal(lastAt(times, seekable(time)), index)
    assert.equal(lastAt(times, time + 0.004), index)
  }
  assert.equal(lastAt(times, 99), 4)
  assert.equal(lastAt(times, -1), -1)
  assert.equal(lastAt([], 1), -1)
})

test('the lookup agrees with a search from the end', () => {
  let seed = 7
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed / 2147483648
  }
  for (let round = 0; round < 200; round += 1) {
    const times = Array.from({ length: Math.floor(random() * 40) }, () => random() * 3).sort((a, b) => a - b)
    const moment = random() * 3
    assert.equal(
      lastAt(times, moment),
      times.findLastIndex((time) => time <= moment + EPSILON),
    )
  }
})

test('nobody is drawn where nobody was seen for longer than a frame', () => {
  const times = [0, 0.04, 2]
  assert.equal(shownAt(times, 0.07, 0.06), 1)
  assert.equal(shownAt(times, 1.5, 0.06), -1)
  assert.equal(shownAt(times, 2, 0.06), 2)
})

test('a frame has the time that was told of it, else that of the rate', () => {
  assert.equal(timeOf(3, new Map([[3, 0.11]]), 30), 0.11)
  assert.equal(timeOf(3, new Map(), 30), 0.1)
  assert.equal(timeOf(3, new Map(), 0), 0)
})

test('waits grow to a limit, and begin anew after a change', () => {
  const waits: number[] = []
  let delay: number | null = null
  for (let look = 0; look < 12; look += 1) {
    delay = nextDelay(delay, false)
    waits.push(delay)
  }
  assert.deepEqual(waits.slice(0, 3), [2000, 3000, 4500])
  assert.equal(waits.at(-1), LATEST)
  assert.equal(nextDelay(LATEST, true), SOONEST)
})

test('pages are asked for one after the other until the last', async () => {
  const served: Record<string, Page<number>> = {
    start: { items: [1, 2], next: 'a' },
    a: { items: [], next: 'b' },
    b: { items: [3], next: null },
  }
  const found: number[] = []
  for await (const items of pages(async (after) => served[after ?? 'start'] as Page<number>)) found.push(...items)
  assert.deepEqual(found, [1, 2, 3])
})

test('a list that names the same page for ever is given up', async () => {
  await assert.rejects(async () => {
    for await (const items of pages(async () => ({ items: [1], next: 'a' }))) assert.deepEqual(items, [1])
  }, /same page/)
})

test('the newest page goes over what is known', () => {
  const item = (id: string, state = '') => ({ id, state })
  assert.deepEqual(merged([item('b', 'queued'), item('a')], [item('c'), item('b', 'running')]), [
    item('c'),
    item('b', 'running'),
    item('a'),
  ])
  assert.deepEqual(
    merged([item('d'), item('c'), item('b'), item('a')], [item('d'), item('b')]),
    [item('d'), item('b'), item('a')],
    'what stood between is gone',
  )
  assert.deepEqual(merged([], [item('a')]), [item('a')])
  assert.deepEqual(merged([item('a')], [item('z'), item('y')]), [item('z'), item('y')], 'something may lie between')
  assert.deepEqual(merged([item('a')], []), [])
})

test('an older page goes below, with nothing twice, and gone ones go', () => {
  const item = (id: string, status = 'queued') => ({ id, status })
  assert.deepEqual(appended([item('c'), item('b')], [item('b'), item('a')]), [item('c'), item('b'), item('a')])
  const told = new Map([
    ['b', item('b', 'failed')],
    ['c', null],
  ])
  assert.deepEqual(replaced([item('c'), item('b'), item('a')], told), [item('b', 'failed'), item('a')])
})

test('unfinished ones beyond the newest page are asked for, the oldest first', () => {
  const known = [
    { id: 'e', status: 'queued' },
    { id: 'd', status: 'queued' },
    { id: 'c', status: 'succeeded' },
    { id: 'b', status: 'running' },
    { id: 'a', status: 'queued' },
  ]
  const asked = (most: number) => unfinished(known, known.slice(0, 1), most).map(({ id }) => id)
  assert.deepEqual(asked(9), ['d', 'b', 'a'])
  assert.deepEqual(asked(2), ['b', 'a'])
})

/** A loop whose looks are answered by hand; `given`: the signals of its looks. */
function byHand() {
  const answers: ((changed: boolean | null) => void)[] = []
  const given: AbortSignal[] = []
  const loop = looking((signal) => {
    given.push(signal)
    return new Promise((resolve) => answers.push(resolve))
  })
  const answer = async (changed: boolean | null) => {
    answers.shift()?.(changed)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { loop, given, answer }
}

test('there is one look at a time, however often somebody comes back', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { loop, given, answer } = byHand()
  for (let time = 0; time < 5; time += 1) loop.wake()
  assert.equal(given.length, 1, 'a look is under way')
  await answer(false)
  for (let time = 0; time < 5; time += 1) loop.wake()
  assert.equal(given.length, 2, 'and so is the one of the first coming back')
  await answer(false)
  context.mock.timers.tick(SOONEST)
  assert.equal(given.length, 3)
  context.mock.timers.tick(10 * LATEST)
  assert.equal(given.length, 3, 'nobody has answered')
  await answer(null)
  loop.wake()
  context.mock.timers.tick(10 * LATEST)
  assert.equal(given.length, 3, 'all has ended')
})

test('nothing is looked at while it rests, and what a look of before tells counts for nothing', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { loop, given, answer } = byHand()
  loop.rest()
  assert.equal(given[0]?.aborted, true)
  loop.wake()
  await answer(null)
  assert.deepEqual([given.length, given[1]?.aborted], [2, false])
  await answer(false)
  loop.rest()
  context.mock.timers.tick(10 * LATEST)
  assert.equal(given.length, 2, 'nor later')
  loop.wake()
  assert.equal(given.length, 3)
  loop.end()
  loop.wake()
  assert.deepEqual([given.length, given[2]?.aborted], [3, true])
})

test('figures are told with their error, sign and unit', () => {
  assert.equal(measured(18.24, 4.05, 'degree'), '18.2° ± 4.0°')
  assert.equal(measured(-3, null, 'degree'), '−3.0°')
  assert.equal(measured(40, 5, 'percent'), '40.0 ± 5.0 %')
  assert.equal(number(-0.01), '0.0')
  assert.equal(words('left_knee_flexion'), 'Left knee flexion')
  assert.equal(lookedFor({ landing: 12.5, cut: 0 }), 'Looked for over all persons: landings 12.5 s, cuts 0.0 s.')
  for (const untold of [{}, null, undefined]) assert.equal(lookedFor(untold), '')
  assert.equal(clock(61.239), '1:01.24')
  assert.equal(clock(59.999), '1:00.00')
  assert.equal(size(999), '999 bytes')
  assert.equal(size(268_435_456), '268.4 MB')
  const now = Date.parse('2026-11-27T12:00:00Z')
  assert.equal(ago('2026-11-27T11:59:50Z', now), 'just now')
  assert.equal(ago('2026-11-27T11:59:00Z', now), '1 minute ago')
  assert.equal(ago('2026-11-25T11:00:00Z', now), '2 days ago')
})

test('angles become plots with gaps where they were not measured', () => {
  const measure = (frame: number, angle: string, value: number): Measure => ({
    person: 1,
    frame,
    time_seconds: frame / 10,
    angle: angle as Measure['angle'],
    value_degrees: value,
    confidence: 1,
  })
  const made = plots([
    measure(2, 'left_knee_flexion', 30),
    measure(0, 'left_knee_flexion', 10),
    measure(1, 'trunk_lean', -5),
  ])
  assert.deepEqual(made, [
    {
      name: 'knee_flexion',
      labels: ['Left'],
      data: [
        [0, 0.1, 0.2],
        [10, null, 30],
      ],
    },
    {
      name: 'trunk_lean',
      labels: ['Trunk'],
      data: [
        [0, 0.1, 0.2],
        [null, -5, null],
      ],
    },
  ])
  assert.deepEqual(plots([]), [])
})

test('poses are put to their persons', () => {
  const pose = (person: number, frame: number): Pose => ({ person, frame, time_seconds: frame / 10, points: [] })
  const first = extend(new Map(), [pose(1, 0), pose(2, 0)])
  const tracks = extend(first, [pose(1, 1)])
  assert.notEqual(first, tracks)
  assert.deepEqual(tracks.get(1)?.times, [0, 0.1])
  assert.deepEqual(
    [...frameTimes(tracks)],
    [
      [0, 0],
      [1, 0.1],
    ],
  )
})

test('a hidden joint has no lines', () => {
  const joints = ['left_hip', 'left_knee', 'left_ankle', 'right_hip']
  const found = lines(joints, [[0, 0], [1, 1], null, [2, 0]])
  assert.deepEqual(found, [
    { from: [0, 0], to: [2, 0], side: 'middle' },
    { from: [0, 0], to: [1, 1], side: 'left' },
  ])
})

test('a certificate tells what was erased, and when', () => {
  const erased = { poses: 4, persons: 1, footage: 1, reviews: 0, measures: 1 }
  assert.equal(counted(erased), '4 poses, 1 person, 1 version of the video, 1 measure')
  assert.equal(counted({ footage: 2 }), '2 versions of the video')
  assert.equal(counted({ dead_letters: 1 }), '1 dead letter')
  assert.equal(counted({ persons: 0, footage: 0 }), 'nothing but the analysis itself')
  assert.equal(stamp('2026-03-01T23:30:59.5+02:00'), '2026-03-01 21:30 UTC')
})

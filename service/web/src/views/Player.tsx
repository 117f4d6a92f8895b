// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Analysis } from '../api/client.ts'
import { clock } from '../pure/format.ts'
import { lastAt, shownAt } from '../pure/frames.ts'
import { frameTimes } from '../pure/series.ts'
import { lines, type Side } from '../pure/skeleton.ts'
import { colour, useScheme } from './colours.ts'
import { fits, type Kept, useFootage } from './footage.ts'
import type { Result } from './useAnalysis.ts'

interface Props {
  video: NonNullable<Analysis['video']>
  result: Result
  kept: Kept | null
  person: number | null
  /** Where somebody wants to be; another object for each wish. */
  wanted: { time: number } | null
  onMoment: (moment: number) => void
}

/** The skeleton over the video that is kept, or over the viewer's own copy. */
export function Player({ video, result, kept, person, wanted, onMoment }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const footage = useFootage(kept)
  const [moment, setMoment] = useState(0)
  const [playing, setPlaying] = useState(false)
  const scheme = useScheme()
  const times = useMemo(
    () => [...new Set(frameTimes(result.tracks).values())].sort((one, other) => one - other),
    [result.tracks],
  )
  const hold = video.frames_per_second > 0 ? 1.5 / video.frames_per_second : 0.05
  const element = footage.element

  const show = (time: number) => {
    setMoment(time)
    onMoment(time)
  }
  const seek = (time: number) => {
    element.current?.pause()
    setPlaying(false)
    show(time)
    footage.seek(time)
  }
  useEffect(() => {
    if (wanted) seek(wanted.time)
  }, [wanted])
  useEffect(() => footage.follow(show), [footage.address])
  useEffect(() => {
    const { current } = canvas
    if (current) draw(current, video, result, person, moment, hold)
  }, [video, result, person, moment, hold, scheme, footage.address])
  useClock(playing && !footage.address, moment, video.duration_seconds, show, () => setPlaying(false))

  const frame = Math.max(0, lastAt(times, moment))
  const toggle = () => {
    if (!footage.address) setPlaying(!playing)
    else if (element.current?.paused) void element.current.play()
    else element.current?.pause()
  }
  const active = footage.address ? footage.playing : playing
  return (
    <section id="player" class="player" aria-label="Video">
      <div class="stage" style={{ aspectRatio: `${video.width} / ${video.height}` }}>
        {footage.address && (
          <video ref={element} src={footage.address} muted playsInline preload="auto" {...footage.events} />
        )}
        <canvas
          ref={canvas}
          width={video.width}
          height={video.height}
          role="img"
          aria-label="Skeletons of the persons in this frame"
        />
      </div>
      <div class="controls">
        <button type="button" onClick={toggle} aria-label={active ? 'Pause' : 'Play'}>
          {active ? '❚❚' : '▶'}
        </button>
        <input
          type="range"
          aria-label="Frame"
          aria-valuetext={`${clock(times[frame] ?? 0)}`}
          min={0}
          max={Math.max(0, times.length - 1)}
          step={1}
          value={frame}
          onInput={(event) => seek(times[Number(event.currentTarget.value)] ?? 0)}
        />
        <output>{clock(moment)}</output>
      </div>
      {footage.own && <Own footage={footage} video={video} />}
    </section>
  )
}

/** Opening one's own copy. */
function Own({ footage, video }: { footage: ReturnType<typeof useFootage>; video: Props['video'] }) {
  const other = footage.facts && !fits(footage.facts, video)
  return (
    <div class="own">
      <label class="file">
        {footage.address ? 'Open another copy' : 'Open the video'}
        <input
          type="file"
          accept="video/*"
          onChange={({ currentTarget }) => {
            footage.open(currentTarget.files?.[0])
            // The same file chosen another time is a change again.
            currentTarget.value = ''
          }}
        />
      </label>
      <p class="small">
        The video is not here: it is kept no more, or somebody is being blurred in it. Open your own copy to see it; it
        does not leave this computer.
      </p>
      {other && (
        <p class="notice" role="alert">
          This looks like another video: it lasts {clock(footage.facts?.duration ?? 0)}, and the analysed one{' '}
          {clock(video.duration_seconds)}.
        </p>
      )}
      {footage.unplayable && (
        <p class="notice" role="alert">
          This browser cannot play that file. Most play MP4 with H.264.
        </p>
      )}
    </div>
  )
}

/** Time that passes by itself while there is no video that does. */
function useClock(running: boolean, moment: number, end: number, show: (time: number) => void, stop: () => void): void {
  const now = useRef(moment)
  now.current = moment
  useEffect(() => {
    if (!running) return
    let before = performance.now()
    if (now.current >= end) now.current = 0
    let handle = requestAnimationFrame(function tick(stamp) {
      now.current += Math.max(0, stamp - before) / 1000
      before = stamp
      show(Math.min(end, now.current))
      if (now.current >= end) stop()
      else handle = requestAnimationFrame(tick)
    })
    return () => cancelAnimationFrame(handle)
  }, [running])
}

const COLOURS: Record<Side, string> = { left: '--left-drawn', right: '--right-drawn', middle: '--middle-drawn' }

function draw(
  canvas: HTMLCanvasElement,
  video: Props['video'],
  result: Result,
  person: number | null,
  moment: number,
  hold: number,
): void {
  const context = canvas.getContext('2d')
  if (context === null) return
  context.clearRect(0, 0, video.width, video.height)
  const thick = Math.max(2, Math.min(video.width, video.height) / 180)
  context.lineCap = 'round'
  let drawn = 0
  for (const [number, { times, poses }] of result.tracks) {
    const pose = poses[shownAt(times, moment, hold)]
    if (pose === undefined) continue
    drawn += 1
    context.globalAlpha = number === person ? 1 : 0.45
    for (const { from, to, side } of lines(result.joints, pose.points)) {
      context.strokeStyle = colour(COLOURS[side])
      context.lineWidth = thick
      context.beginPath()
      context.moveTo(...from)
      context.lineTo(...to)
      context.stroke()
    }
    const top = pose.points[0]
    if (top) {
      context.beginPath()
      context.arc(top[0] ?? 0, top[1] ?? 0, thick * 1.5, 0, 2 * Math.PI)
      context.fillStyle = colour('--middle-drawn')
      context.fill()
      context.font = `600 ${thick * 6}px system-ui, sans-serif`
      context.fillText(String(number), (top[0] ?? 0) + thick * 3, (top[1] ?? 0) - thick * 3)
    }
  }
  canvas.dataset.drawn = String(drawn)
  canvas.dataset.moment = moment.toFixed(4)
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'preact/hooks'
import type { FootageLink } from '../api/client.ts'
import { seekable } from '../pure/frames.ts'

export interface Facts {
  width: number
  height: number
  duration: number
}

/** Whether a file may be the video that was analysed. The container's length may differ by some frames. */
export function fits(facts: Facts, video: { width: number; height: number; duration_seconds: number }): boolean {
  const shape = Math.abs(facts.width / facts.height - video.width / video.height) < 0.02
  return shape && Math.abs(facts.duration - video.duration_seconds) <= Math.max(0.5, 0.02 * video.duration_seconds)
}

/** Where a video that is kept is to be had, by another link each time. */
export type Kept = (signal: AbortSignal) => Promise<FootageLink>

const SOON = 5_000

/** The video that is kept or, where it is not, the viewer's own copy, which never leaves the browser. */
export function useFootage(kept: Kept | null) {
  const element = useRef<HTMLVideoElement>(null)
  /** The time of the first frame, which the service counts as zero. */
  const offset = useRef(0)
  const [address, setAddress] = useState('')
  const [facts, setFacts] = useState<Facts | null>(null)
  const [playing, setPlaying] = useState(false)
  const [unplayable, setUnplayable] = useState(false)
  /** Whether one's own copy is wanted: no video is kept, or it cannot be had or played. */
  const [own, setOwn] = useState(kept === null)
  const [round, setRound] = useState(0)
  const link = useRef({ expires: 0, made: 0 })
  /** Where to go on once a video has been loaded. */
  const left = useRef({ time: 0, playing: false })
  useEffect(() => () => URL.revokeObjectURL(address), [address])
  useEffect(() => {
    if (kept === null) return
    const control = new AbortController()
    kept(control.signal).then(
      ({ url, expires }) => {
        link.current = { expires, made: Date.now() }
        setAddress(url)
      },
      () => control.signal.aborted || setOwn(true),
    )
    return () => control.abort()
  }, [kept, round])

  const open = (file: File | undefined) => {
    if (!file) return
    setFacts(null)
    setUnplayable(false)
    setPlaying(false)
    setOwn(true)
    left.current = { time: 0, playing: false }
    setAddress(URL.createObjectURL(file))
  }
  /** Show a moment, at once or as soon as there is a video. */
  const seek = (time: number) => {
    const { current } = element
    if (current !== null && current.readyState > 0) current.currentTime = seekable(time) + offset.current
    else left.current = { time: seekable(time), playing: false }
  }
  /** Tell the moment of each frame as it is shown. */
  const follow = (show: (moment: number) => void) => {
    const { current } = element
    if (current === null) return undefined
    let first = true
    let handle = current.requestVideoFrameCallback(function each(_, metadata) {
      if (first && current.currentTime < 0.001) offset.current = metadata.mediaTime
      first = false
      show(Math.max(0, metadata.mediaTime - offset.current))
      handle = current.requestVideoFrameCallback(each)
    })
    return () => current.cancelVideoFrameCallback(handle)
  }
  const events = {
    onPlay: () => setPlaying(true),
    onPause: () => setPlaying(false),
    onEnded: () => setPlaying(false),
    onError: () => {
      const { current } = element
      const { expires, made } = link.current
      const lost = current?.error?.code === MediaError.MEDIA_ERR_NETWORK && Date.now() - made > SOON
      setAddress('')
      if (!own && current !== null && (lost || Date.now() > expires - SOON)) {
        left.current = { time: current.currentTime, playing }
        setRound((count) => count + 1)
        return
      }
      setUnplayable(true)
      setOwn(true)
    },
    onLoadedMetadata: () => {
      const { current } = element
      if (current === null) return
      setFacts({ width: current.videoWidth, height: current.videoHeight, duration: current.duration })
      const { time, playing: again } = left.current
      left.current = { time: 0, playing: false }
      if (time > 0) current.currentTime = time
      if (again) void current.play()
    },
  }
  return { element, address, facts, playing, unplayable, own, open, seek, follow, events }
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'preact/hooks'

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

/** The viewer's own copy of a video, which never leaves the browser. */
export function useFootage() {
  const element = useRef<HTMLVideoElement>(null)
  /** The time of the first frame, which the service counts as zero. */
  const offset = useRef(0)
  const [address, setAddress] = useState('')
  const [facts, setFacts] = useState<Facts | null>(null)
  const [playing, setPlaying] = useState(false)
  const [unplayable, setUnplayable] = useState(false)
  useEffect(() => () => URL.revokeObjectURL(address), [address])

  const open = (file: File | undefined) => {
    if (!file) return
    setFacts(null)
    setUnplayable(false)
    setPlaying(false)
    setAddress(URL.createObjectURL(file))
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
      setUnplayable(true)
      setAddress('')
    },
    onLoadedMetadata: () => {
      const { current } = element
      if (current) setFacts({ width: current.videoWidth, height: current.videoHeight, duration: current.duration })
    },
  }
  return { element, offset, address, facts, playing, unplayable, open, follow, events }
}

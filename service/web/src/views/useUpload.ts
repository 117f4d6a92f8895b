// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { ApiError, type Client } from '../api/client.ts'
import { forgetKey, keyOf, Sender } from '../api/sending.ts'
import { size } from '../pure/format.ts'

export interface Sending {
  file: File
  key: string
  sent: number
  error: unknown
}

/** The one upload, which goes on whatever page is shown. */
export interface Upload {
  sending: Sending | null
  busy: boolean
  /** The name of the last video that was taken. */
  accepted: string
  /** How many were taken. */
  count: number
  /** Whether one is under way at this moment, also before the page shows it. */
  running: () => boolean
  choose: (file: File | undefined) => void
  again: () => void
  stop: () => void
}

/** Send one video at a time. `onEnd` is told how each ended: null, or why it failed. */
export function useUpload(client: Client, largest: number | null, onEnd: (error: unknown) => void): Upload {
  const [sending, setSending] = useState<Sending | null>(null)
  const [accepted, setAccepted] = useState({ name: '', count: 0 })
  const control = useRef<AbortController | null>(null)
  const sender = useMemo(() => new Sender(client), [client])
  const running = () => control.current !== null

  useEffect(() => {
    const hold = (event: BeforeUnloadEvent) => running() && event.preventDefault()
    addEventListener('beforeunload', hold)
    return () => removeEventListener('beforeunload', hold)
  }, [])

  const send = async (file: File, key: string) => {
    const own = new AbortController()
    control.current = own
    const show = (sent: number, error: unknown) => control.current === own && setSending({ file, key, sent, error })
    show(0, null)
    setAccepted(({ count }) => ({ name: '', count }))
    let failed: unknown = null
    try {
      await sender.send(file, key, (sent) => show(sent, null), own.signal)
      forgetKey()
      setSending(null)
      setAccepted(({ count }) => ({ name: file.name, count: count + 1 }))
    } catch (error) {
      failed = error
      if (isFinal(error)) forgetKey()
      show(0, error)
    }
    if (control.current === own) control.current = null
    onEnd(own.signal.aborted ? null : failed)
  }

  const choose = (file: File | undefined) => {
    if (file === undefined || running()) return
    const error = largest === null ? null : tooLarge(file.size, largest)
    if (error === null) void send(file, keyOf(file))
    else setSending({ file, key: '', sent: 0, error })
  }
  const stop = () => {
    if (running()) forgetKey()
    control.current?.abort()
    control.current = null
    setSending(null)
  }
  const again = () => {
    if (sending !== null && !running()) void send(sending.file, sending.key)
  }
  const busy = sending !== null && sending.error === null
  return { sending, busy, accepted: accepted.name, count: accepted.count, running, choose, again, stop }
}

/** Whether the service has judged the video, so that sending it another time is a matter of its own. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 410 || error.status === 415 || error.status === 422)
}

/** Why a video of a size is not even sent; null where it is. */
function tooLarge(bytes: number, most: number): ApiError | null {
  if (bytes <= most) return null
  const told = `It has ${size(bytes)}, and the service takes at most ${size(most)}. Send a shorter part of it.`
  return new ApiError(413, 'too_large', told)
}

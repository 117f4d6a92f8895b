// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'preact/hooks'

/** Pages are paths without a dot, which the distribution answers with `index.html`. */
export function usePath(): [string, (path: string) => void] {
  const [path, setPath] = useState(location.pathname)
  useEffect(() => {
    const follow = () => setPath(location.pathname)
    addEventListener('popstate', follow)
    return () => removeEventListener('popstate', follow)
  }, [])
  const go = (target: string) => {
    history.pushState(null, '', target)
    setPath(target)
    scrollTo(0, 0)
  }
  return [path, go]
}

/** The id in the path of an analysis; null for every other path. */
export function analysisOf(path: string): string | null {
  return /^\/analyses\/([0-9a-f-]{36})$/.exec(path)?.[1] ?? null
}

/** A click that this page follows itself; with a key held down it is the browser's. */
export function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
}

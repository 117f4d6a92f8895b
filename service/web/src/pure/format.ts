// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Figures and names in words. */

const SIGN = '−'

/** A number with a true minus. */
export function number(value: number, digits = 1): string {
  const text = Math.abs(value).toFixed(digits)
  return value < 0 && Number(text) !== 0 ? SIGN + text : text
}

export const UNITS: Record<string, string> = { degree: '°', percent: ' %' }

/** A value with its error. */
export function measured(value: number, error: number | null, unit: string): string {
  const sign = UNITS[unit] ?? ` ${unit}`
  const doubt = error === null ? '' : ` ± ${number(error)}`
  return unit === 'degree' ? `${number(value)}${sign}${doubt && `${doubt}${sign}`}` : `${number(value)}${doubt}${sign}`
}

/** `left_knee_flexion` as words. */
export function words(name: string): string {
  const text = name.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** For how long each kind of event was looked for: "none" in no time is not "none made". Empty where nothing tells. */
export function lookedFor(seconds: Readonly<Record<string, number>> | null | undefined): string {
  const kinds = Object.entries(seconds ?? {}).map(([kind, told]) => `${words(kind).toLowerCase()}s ${number(told)} s`)
  return kinds.length === 0 ? '' : `Looked for over all persons: ${kinds.join(', ')}.`
}

/** A moment of a video. */
export function clock(seconds: number): string {
  const hundredths = Math.max(0, Math.round(seconds * 100))
  const minutes = Math.floor(hundredths / 6000)
  return `${minutes}:${((hundredths % 6000) / 100).toFixed(2).padStart(5, '0')}`
}

/** Bytes for people. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** How long ago something was. */
export function ago(moment: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(moment)) / 1000))
  for (const [unit, length] of [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const) {
    const count = Math.floor(seconds / length)
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'} ago`
  }
  return 'just now'
}

/** A moment that means the same everywhere. */
export function stamp(moment: string): string {
  return `${new Date(moment).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** What was erased, by how many of each kind; what there was none of is left out. */
export function counted(erased: Readonly<Record<string, number>>): string {
  const told = Object.entries(erased)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => {
      const many = kind === 'footage' ? 'versions of the video' : kind.replaceAll('_', ' ')
      return `${count} ${count === 1 ? many.replace(/s\b/, '') : many}`
    })
  return told.join(', ') || 'nothing but the analysis itself'
}

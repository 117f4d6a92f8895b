// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { words } from '../pure/format.ts'
import type { Plot } from '../pure/series.ts'
import { colour, useScheme } from './colours.ts'

interface Props {
  plots: readonly Plot[]
  moment: number
  seek: (time: number) => void
}

const HEIGHT = 150

/** Angles over time. The line follows the video, and a click takes the video there. */
export function Plots({ plots, moment, seek }: Props) {
  if (plots.length === 0) return <p>No angle of this person could be measured.</p>
  return (
    <section aria-label="Angles over time" class="plots">
      <p class="legend" aria-hidden="true">
        <span class="left">left</span> <span class="right">right</span> <span class="middle">trunk</span>
      </p>
      {plots.map((plot) => (
        <Chart key={plot.name} plot={plot} moment={moment} seek={seek} />
      ))}
    </section>
  )
}

function Chart({ plot, moment, seek }: { plot: Plot; moment: number; seek: (time: number) => void }) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const at = useRef(moment)
  const scheme = useScheme()
  at.current = moment

  useLayoutEffect(() => {
    const parent = place.current
    if (parent === null) return
    const made = new uPlot(options(plot, parent.clientWidth, at), plot.data as uPlot.AlignedData, parent)
    const click = () => {
      if (made.cursor.left !== undefined && made.cursor.left >= 0) seek(made.posToVal(made.cursor.left, 'x'))
    }
    made.over.addEventListener('click', click)
    const watch = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height: HEIGHT }))
    watch.observe(parent)
    chart.current = made
    return () => {
      watch.disconnect()
      made.destroy()
      chart.current = null
    }
    // `seek` only passes a time on, so an older one does as well.
  }, [plot, scheme])

  useEffect(() => chart.current?.redraw(false), [moment])
  return (
    <figure>
      <figcaption>{words(plot.name)}</figcaption>
      <div ref={place} class="chart" role="img" aria-label={summary(plot)} />
    </figure>
  )
}

function options(plot: Plot, width: number, at: { current: number }): uPlot.Options {
  const ink = colour('--muted')
  const grid = { stroke: colour('--line'), width: 1 }
  const axis = { stroke: ink, grid, ticks: grid, font: '11px system-ui, sans-serif' }
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: 'angles' }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, size: 26, values: (_, values) => values.map((value) => `${value} s`) },
      { ...axis, size: 44, values: (_, values) => values.map((value) => `${value}°`) },
    ],
    series: [
      {},
      ...plot.labels.map((label) => ({
        label,
        stroke: colour({ Left: '--left', Right: '--right' }[label] ?? '--middle'),
        width: 1.5,
        points: { show: false },
      })),
    ],
    hooks: { draw: [(made) => mark(made, at.current)] },
  }
}

/** The moment that the video shows. */
function mark(made: uPlot, moment: number): void {
  const x = Math.round(made.valToPos(moment, 'x', true))
  const { left, top, width, height } = made.bbox
  if (x < left || x > left + width) return
  const { ctx } = made
  ctx.save()
  ctx.strokeStyle = colour('--accent')
  ctx.lineWidth = 2 * devicePixelRatio
  ctx.beginPath()
  ctx.moveTo(x, top)
  ctx.lineTo(x, top + height)
  ctx.stroke()
  ctx.restore()
}

/** A plot in words, for whoever does not see it. */
function summary(plot: Plot): string {
  const [, ...lines] = plot.data
  const told = lines.map((line, index) => {
    const values = line.filter((value) => value !== null)
    const [least, most] = [Math.min(...values), Math.max(...values)]
    return `${plot.labels[index]?.toLowerCase()} from ${Math.round(least)} to ${Math.round(most)} degrees`
  })
  return `${words(plot.name)} over time: ${told.join(', ')}`
}

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

/** Server-sent events out of a stream of text, since `EventSource` can send no token. */

/** What one event may have, and one line. The service's have some hundred characters. */
export const MOST = 8_192

export interface ServerEvent {
  name: string
  data: string
}

/** The events of a stream, as they are whole. Throws where one is longer than `MOST`; half a one at the end is none. */
export async function* serverEvents(chunks: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let name = ''
  let data: string[] = []
  for await (const line of lines(chunks)) {
    const [field, value] = split(line)
    if (field === 'event') name = value
    if (field === 'data') data.push(value)
    if (data.reduce((sum, part) => sum + part.length + 1, 0) > MOST) throw new RangeError('An event is too long.')
    if (line !== '') continue
    if (data.length > 0) yield { name: name || 'message', data: data.join('\n') }
    name = ''
    data = []
  }
}

/** Whole lines, without their ends, which are one of three kinds. */
async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let left = ''
  for await (const chunk of chunks) {
    const parts = (left + chunk).split(/\r\n|\n|\r(?!$)/)
    left = parts.pop() ?? ''
    if (left.length > MOST || parts.some((part) => part.length > MOST)) throw new RangeError('A line is too long.')
    yield* parts
  }
}

/** A field and its value; a comment is the field without a name. */
function split(line: string): [string, string] {
  const at = line.indexOf(':')
  if (at < 0) return [line, '']
  return [line.slice(0, at), line.slice(line[at + 1] === ' ' ? at + 2 : at + 1)]
}

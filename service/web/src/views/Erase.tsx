// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'preact/hooks'
import type { Client, Erased, Remains } from '../api/client.ts'
import { ErasureDialog } from './ErasureDialog.tsx'

interface Props {
  client: Client
  id: string
  onError: (error: unknown) => boolean
  onErased: (erased: Erased) => void
}

/** The way to erase an analysis. */
export function Erase({ client, id, ...told }: Props) {
  return (
    <ErasureDialog label="Erase" title="Erase this analysis for good?" erase={() => client.erase(id)} {...told}>
      <p>This cannot be undone. What goes:</p>
      <ul>
        <li>the video, with all its versions</li>
        <li>persons, poses and measures</li>
        <li>events and findings</li>
        <li>all reviews with their notes</li>
      </ul>
      <p>
        Backups of the database may hold it, though not the video, until the day that the certificate states. Copies
        that somebody downloaded stay, and so does the record of who saw it and who erased it.
      </p>
    </ErasureDialog>
  )
}

const REMAINS: Record<Remains, [string, string]> = {
  blur: [
    'Blur them in it',
    'The others stay to be seen. It takes about as long as the analysis did; until then nobody has the video. The ' +
      'sound goes too.',
  ],
  delete: ['Delete it', 'For all who are in it. What was found of the others stays.'],
}

/** The way to erase one person of an analysis. */
export function ErasePerson({ client, id, person, ...told }: Props & { person: number }) {
  const [remains, setRemains] = useState<Remains>('blur')
  return (
    <ErasureDialog
      label={`Erase person ${person}`}
      title={`Erase person ${person} for good?`}
      erase={() => client.erasePerson(id, person, remains)}
      {...told}
    >
      <p>This cannot be undone. What was found of them goes at once, and the others stay:</p>
      <ul>
        <li>their poses and measures</li>
        <li>their events and findings</li>
        <li>all reviews of these with their notes</li>
      </ul>
      <p>
        One number is one person as the analysis told them apart. Look whether they have another number too, and erase
        that as well.
      </p>
      <fieldset class="remains">
        <legend>What becomes of the video</legend>
        {(Object.keys(REMAINS) as Remains[]).map((one) => (
          <label key={one}>
            <input type="radio" name="remains" checked={remains === one} onChange={() => setRemains(one)} />
            <span>
              <strong>{REMAINS[one][0]}</strong> {REMAINS[one][1]}
            </span>
          </label>
        ))}
      </fieldset>
      <p>
        Backups of the database may hold what was found, though not the video, until the day that the certificate
        states. Copies that somebody downloaded stay, and so does the record of who saw it and who erased it.
      </p>
    </ErasureDialog>
  )
}

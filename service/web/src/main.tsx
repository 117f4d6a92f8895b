// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { render } from 'preact'
import { Client } from './api/client.ts'
import { loadConfig } from './config.ts'
import { reasonOf, Session } from './session.ts'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import { App } from './views/App.tsx'
import { Message } from './views/Message.tsx'

async function start(place: HTMLElement): Promise<void> {
  try {
    const config = await loadConfig()
    const session = new Session(config)
    let problem = ''
    try {
      await session.complete()
    } catch (error) {
      problem = reasonOf(error)
    }
    render(<App client={new Client(config.api, session)} session={session} problem={problem} />, place)
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error)
    render(
      <main class="narrow">
        <Message title="This site is not set up" kind="problem">
          <p>{told} Whoever publishes the site has to set the site’s variables and publish it again.</p>
        </Message>
      </main>,
      place,
    )
  }
}

const place = document.getElementById('console')
if (place !== null) void start(place)

// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: Apache-2.0

import { render } from 'preact'
import { Client } from './api/client.ts'
import { type Config, ConfigError, loadConfig } from './config.ts'
import { reasonOf, Session } from './session.ts'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import { App } from './views/App.tsx'
import { Message } from './views/Message.tsx'

async function start(place: HTMLElement): Promise<void> {
  let config: Config
  try {
    config = await loadConfig()
  } catch (error) {
    render(
      <main class="narrow">{error instanceof ConfigError ? <NotSetUp told={error.message} /> : <Away />}</main>,
      place,
    )
    return
  }
  const session = new Session(config)
  let problem = ''
  try {
    await session.complete()
  } catch (error) {
    problem = reasonOf(error)
  }
  const client = new Client(config.api, session)
  render(<App client={client} session={session} problem={problem} largest={config.maxUploadBytes} />, place)
}

function NotSetUp(props: { told: string }) {
  return (
    <Message title="This site is not set up" kind="problem">
      <p>{props.told} Whoever publishes the site has to set the site’s variables and publish it again.</p>
    </Message>
  )
}

function Away() {
  return (
    <Message title="The site is out of reach" kind="problem">
      <p>Check the connection, and try again.</p>
      <button type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </Message>
  )
}

const place = document.getElementById('console')
if (place !== null) void start(place)

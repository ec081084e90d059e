import type { Target } from '../measure/http-load.ts';
import type { ToyStage } from '../toy/toy-stage.ts';

/** What no server in Node can be had for less than: it sends the answers it was given. */
export const BARE_HTTP = 'bare Node HTTP';

/** A server that sends what another one answers to each of these requests. */
export async function startBareHttp(stage: ToyStage, url: string, bodies: readonly string[]): Promise<Target> {
  const answers: (readonly [body: string, answer: string])[] = [];
  for (const body of bodies) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body,
    });
    answers.push([body, await response.text()]);
  }
  const server = await stage.start('bare-http', { name: BARE_HTTP });
  await server.ask(answers);
  return { name: BARE_HTTP, pid: server.pid, url: String(server.facts['url']) };
}

import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type Build, startChild } from '../measure/child.ts';

/** How long a message takes from one process to another with `ws` alone, in milliseconds; the least an event can take to its client. */
export async function bareMessages(build: Build, count: number): Promise<number[]> {
  const server = await startChild({ name: 'bare ws', file: 'bare-sockets', build });
  const socket = new WebSocket(String(server.facts['url']), { perMessageDeflate: false });
  try {
    await once(socket, 'open');
    const takenMs: number[] = [];
    for (let number = 0; number < count; number += 1) {
      const heard = once(socket, 'message');
      const begin = performance.now();
      const sent = server.ask({ text: `{"available":${number}}` });
      await heard;
      takenMs.push(performance.now() - begin);
      await sent;
    }
    return takenMs;
  } finally {
    socket.terminate();
    await server.stop();
  }
}

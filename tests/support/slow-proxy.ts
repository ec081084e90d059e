import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SlowProxy {
  port: number;
  stop(): Promise<void>;
}

/** Passes bytes on in order, each piece after a while of its own: two cores and one machine are faster than a network. */
export async function startSlowProxy(
  target: { host: string; port: number },
  delayMs: () => number,
): Promise<SlowProxy> {
  const open = new Set<Socket>();
  const pass = (from: Socket, to: Socket) => {
    // A piece is never ahead of the one before it.
    let before = Promise.resolve();
    from.on('data', (bytes) => {
      const due = new Promise<void>((done) => {
        setTimeout(done, delayMs());
      });
      before = Promise.all([before, due]).then(() => void to.write(bytes));
    });
    from.on('close', () => void before.then(() => to.destroy()));
    from.on('error', () => to.destroy());
  };
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    }
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise((done) => {
        server.close(done);
      });
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

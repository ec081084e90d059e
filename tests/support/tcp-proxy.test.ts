import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proxyOf, type TcpProxy } from './tcp-proxy.ts';

let echo: Server;
let proxy: TcpProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  proxy = await proxyOf(`redis://user:word@127.0.0.1:${(echo.address() as AddressInfo).port}/0`, { seed: 7 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.stop();
  echo.close();
});

function aClient(): { socket: Socket; heard: () => string; isOver: () => boolean } {
  const socket = connect(proxy.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  let over = false;
  socket.on('data', (data) => (text += data.toString()));
  socket.on('error', () => (over = true)).on('close', () => (over = true));
  return { socket, heard: () => text, isOver: () => over };
}

describe('a proxy between a service and its store', () => {
  it('keeps the credentials and the path of a URL', () => {
    expect(proxy.through('postgres://app:pa%20ss@db.example:5432/orders?a=1')).toBe(
      `postgres://app:pa%20ss@127.0.0.1:${proxy.port}/orders?a=1`,
    );
  });

  it('delivers everything in order, however long each piece takes', async () => {
    proxy.delay({ minMs: 0, maxMs: 5 });
    const { socket, heard } = aClient();
    const sent = Array.from({ length: 50 }, (_, at) => `${at};`);
    for (const piece of sent) {
      socket.write(piece);
      await new Promise(setImmediate);
    }
    await until(() => heard().length === sent.join('').length);
    expect(heard()).toBe(sent.join(''));
  });

  it('cuts what is open and takes what comes after', async () => {
    const first = aClient();
    first.socket.write('a');
    await until(() => first.heard() === 'a');
    proxy.cut();
    await until(first.isOver);
    const second = aClient();
    second.socket.write('b');
    await until(() => second.heard() === 'b');
  });

  it('refuses until it is told to resume', async () => {
    proxy.refuse();
    await until(aClient().isOver);
    proxy.resume();
    const { socket, heard } = aClient();
    socket.write('c');
    await until(() => heard() === 'c');
  });

  it('holds back all there is while it is stalled, and loses none of it', async () => {
    proxy.stall();
    const { socket, heard, isOver } = aClient();
    await once(socket, 'connect');
    socket.write('held');
    socket.write(' back');
    const other = aClient();
    await once(other.socket, 'connect');
    expect([heard(), isOver()]).toEqual(['', false]);
    proxy.resume();
    await until(() => heard() === 'held back');
  });
});

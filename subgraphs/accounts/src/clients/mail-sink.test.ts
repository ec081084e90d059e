import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderMailSink, type Mail, toMessage } from './mail-sink.ts';

const mail: Mail = {
  id: 'ntf_1',
  recipient: 'bea@example.com',
  subject: 'Your order',
  body: 'On its way.\nSoon.',
  date: new Date('2026-01-02T03:04:05.000Z'),
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mail-sink-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the mail folder', () => {
  it('holds one whole file per mail, also when it is delivered again', async () => {
    const sink = folderMailSink(join(dir, 'deep', 'mail'));
    await sink.deliver(mail);
    await sink.deliver(mail);
    expect(await readdir(join(dir, 'deep', 'mail'))).toEqual(['ntf_1.eml']);
    expect(await readFile(join(dir, 'deep', 'mail', 'ntf_1.eml'), 'utf8')).toBe(toMessage(mail));
  });
});

describe('a message', () => {
  it('is one a mail program reads', () => {
    const [headers, body] = toMessage(mail).split('\r\n\r\n');
    expect(headers!.split('\r\n')).toEqual(
      expect.arrayContaining([
        'To: bea@example.com',
        'Subject: Your order',
        'Date: Fri, 02 Jan 2026 03:04:05 +0000',
        'Message-ID: <ntf_1@marketplace.example>',
      ]),
    );
    expect(body).toBe('On its way.\r\nSoon.\r\n');
  });

  it('lets nobody smuggle a header in', () => {
    const message = toMessage({ ...mail, subject: 'Hi\r\nBcc: all@example.com', recipient: 'a@b.c\nBcc: x@y.z' });
    expect(message.split('\r\n').filter((line) => line.startsWith('Bcc'))).toEqual([]);
  });

  it('encodes a subject that is not ASCII', () => {
    const encoded = Buffer.from('Größe 42').toString('base64');
    expect(toMessage({ ...mail, subject: 'Größe 42' })).toContain(`Subject: =?utf-8?B?${encoded}?=`);
  });
});

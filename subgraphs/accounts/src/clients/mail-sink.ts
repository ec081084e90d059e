import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';

export interface Mail {
  id: string;
  recipient: string;
  subject: string;
  body: string;
  date: Date;
}

/** The port to the outside. Handing over the same mail again must not make two of it. */
export interface MailSink {
  deliver(mail: Mail): Promise<void>;
}

const SENDER = 'Marketplace <no-reply@marketplace.example>';

/** One file per mail, named after it: delivered again it is written again over itself, whole or not at all. */
export function folderMailSink(dir: string): MailSink {
  return {
    async deliver(mail) {
      await mkdir(dir, { recursive: true });
      const file = join(dir, `${mail.id}.eml`);
      const unfinished = `${file}.unfinished`;
      const handle = await open(unfinished, 'w', 0o600);
      try {
        await handle.writeFile(toMessage(mail));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, file);
    },
  };
}

/** RFC 5322 with an RFC 2045 body. Header values are one line whatever comes in: nobody smuggles headers. */
export function toMessage({ id, recipient, subject, body, date }: Mail): string {
  return [
    `From: ${SENDER}`,
    `To: ${oneLine(recipient)}`,
    `Subject: ${encodedWord(oneLine(subject))}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@marketplace.example>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    body.replaceAll(/\r?\n/g, '\r\n'),
    '',
  ].join('\r\n');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function encodedWord(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
}

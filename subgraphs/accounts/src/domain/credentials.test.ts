import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEmail, readPassword } from './credentials.ts';

describe('an e-mail address', () => {
  it.each([
    ['Bea@Example.COM', 'bea@example.com'],
    ['  bea@example.com ', 'bea@example.com'],
    ['ｂｅａ@example.com', 'bea@example.com'],
    ['bea+shop@sub.example.co', 'bea+shop@sub.example.co'],
    ['jörg@müller.example', 'jörg@müller.example'],
  ])('%j is the account %s', (text, key) => {
    expect(readEmail(text)).toMatchObject({ ok: true, value: { key } });
  });

  it.each([
    '',
    'bea',
    '@example.com',
    'bea@',
    'bea@example',
    'a b@example.com',
    'a@b@example.com',
    'bea@example..com',
    'bea@.com',
    'a,b@example.com',
    'bea@exam\u200bple.com',
    'bea\0@example.com',
    `${'a'.repeat(65)}@example.com`,
    '\u{e0001}bea@example.com',
    'x'.repeat(100_000),
  ])('is never %j', (text) => {
    expect(readEmail(text)).toMatchObject({ ok: false, rejection: { code: 'INVALID', field: ['email'] } });
  });

  it('is the same account however often it is read and in whatever case it is written', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (address) => {
        const read = readEmail(address);
        if (!read.ok) return;
        const upper = readEmail(address.toUpperCase());
        const again = readEmail(read.value.shown);
        expect(upper).toMatchObject({ ok: true, value: { key: read.value.key } });
        expect(again).toEqual(read);
      }),
    );
  });
});

describe('a password', () => {
  it.each(['12345678', 'x'.repeat(128), '💡'.repeat(128), 'with spaces inside', ' pass word ', 'пароль-пароль'])(
    'may be %j',
    (text) => {
      expect(readPassword(text).ok).toBe(true);
    },
  );

  it.each([
    '',
    '1234567',
    '💡'.repeat(7),
    'x'.repeat(129),
    'tab\tbetween',
    'nul\0between',
    'joiner\u200dbetween',
    'right\u202eto left',
    `lone ${'\ud800'} surrogate`,
    'x'.repeat(1_000_000),
  ])('is never %j', (text) => {
    expect(readPassword(text)).toMatchObject({ ok: false, rejection: { code: 'INVALID', field: ['password'] } });
  });

  it('keeps its spaces and every one of its characters', () => {
    expect(readPassword(' a b c d ')).toEqual({ ok: true, value: ' a b c d ' });
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 128 }), (text) => {
        const read = readPassword(text);
        if (read.ok) expect(read.value).toBe(text.normalize('NFKC'));
      }),
    );
  });

  it('is the same from a keyboard that composes accents and from one that does not', () => {
    expect(readPassword('cafe\u0301 au lait')).toEqual(readPassword('caf\u00e9 au lait'));
  });
});

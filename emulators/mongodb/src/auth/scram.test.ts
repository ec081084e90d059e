import { describe, expect, it } from 'vitest';
import { makeCredential, ScramConversation } from './scram.ts';

const credential = makeCredential('pencil');
const first = (text: string) =>
  new ScramConversation(Buffer.from(text), (name) => (name === 'us=er,x' ? credential : undefined));

describe('a SCRAM conversation', () => {
  it('challenges a user, known or not, in the same form', () => {
    for (const name of ['us=3Der=2Cx', 'nobody']) {
      expect(first(`n,,n=${name},r=abc`).challenge).toMatch(/^r=abc.{30,},s=.{30,},i=15000$/);
    }
    expect(first('n,,n=us=3Der=2Cx,r=abc').username).toBe('us=er,x');
  });

  it.each(['', 'n,,', 'p=tls-unique,,n=a,r=b', 'n,a=other,n=a,r=b', 'n,,n=a,r='])(
    'refuses the first message "%s"',
    (text) => {
      expect(() => first(text)).toThrow('Authentication failed.');
    },
  );

  it.each(['', 'c=biws,r=wrong,p=AAAA', 'c=eSws,r=abc,p='])('refuses the proof "%s"', (text) => {
    const conversation = first('n,,n=nobody,r=abc');
    expect(() => conversation.finish(Buffer.from(text))).toThrow('Authentication failed.');
  });

  it('does not keep the password', () => {
    expect(JSON.stringify(credential)).not.toContain('pencil');
    expect(makeCredential('pencil').storedKey.equals(credential.storedKey)).toBe(false);
  });
});

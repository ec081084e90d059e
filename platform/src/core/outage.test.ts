import { describe, expect, it } from 'vitest';
import { isOutage } from './outage.ts';

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });
const named = (name: string) => Object.assign(new Error('x'), { name });

describe('an outage', () => {
  it.each([
    coded('ECONNREFUSED'),
    coded('57P01', 'terminating connection due to administrator command'),
    coded('57P03', 'the database system is starting up'),
    coded('08006'),
    new Error('Connection terminated unexpectedly'),
    new Error('Connection terminated due to connection timeout'),
    new Error('Command timed out'),
    new Error('Connection is closed.'),
    new Error("Stream isn't writeable and enableOfflineQueue options is false"),
    new Error('LOADING Redis is loading the dataset in memory'),
    named('MongoServerSelectionError'),
    named('SubgraphUnavailableError'),
    new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]),
    new Error('wrapped', { cause: new Error('twice', { cause: coded('ECONNRESET') }) }),
  ])('is what $message $code is', (error) => {
    expect(isOutage(error)).toBe(true);
  });

  it.each([
    new Error('cannot digest'),
    coded('23505', 'duplicate key value violates unique constraint'),
    coded('57014', 'canceling statement due to statement timeout'),
    coded('40001'),
    new Error('the order says: Connection is closed.'),
    named('TypeError'),
    'ECONNREFUSED',
    undefined,
  ])('is not what %s is', (error) => {
    expect(isOutage(error)).toBe(false);
  });

  it('is looked for in no more causes than there can honestly be', () => {
    const circular = new Error('a');
    circular.cause = circular;
    expect(isOutage(circular)).toBe(false);
  });
});

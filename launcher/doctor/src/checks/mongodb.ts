import { MongoClient } from 'mongodb';
import { type Check, CONNECT_MS, type Judgement } from '../check.ts';
import { judgeSkew, skewMs } from '../clock.ts';

const OLDEST_MAJOR = 6;

/** Whether MongoDB answers, has a primary, and agrees about the time. */
export function mongoCheck(name: string, url: string): Check {
  return {
    id: `mongodb:${name}`,
    async run({ now }) {
      const client = new MongoClient(url, { serverSelectionTimeoutMS: CONNECT_MS, appName: 'doctor' });
      try {
        await client.connect();
        const asked = now();
        const hello = await client.db().command({ hello: 1 });
        const skew = skewMs({ asked, answered: now() }, (hello['localTime'] as Date).getTime());
        const { version } = (await client.db().command({ buildInfo: 1 })) as unknown as { version: string };
        return judgeMongo({ version, isPrimary: hello['isWritablePrimary'] === true, skew });
      } finally {
        await client.close();
      }
    },
  };
}

export function judgeMongo({
  version,
  isPrimary,
  skew,
}: {
  version: string;
  isPrimary: boolean;
  skew: number;
}): Judgement {
  const facts = { version, isPrimary, skewMs: Math.round(skew) };
  if (!isPrimary) {
    const advice = 'rs.status() tells why there is none; writes fail until there is one.';
    return { status: 'fail', reason: 'this member is no primary', advice, facts };
  }
  const late = judgeSkew(skew);
  if (late) return { ...late, facts };
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    const reason = `MongoDB ${version} is older than ${OLDEST_MAJOR}.0`;
    return { status: 'warn', reason, advice: 'Upgrade the server.', facts };
  }
  return { status: 'ok', reason: `MongoDB ${version}, primary`, facts };
}

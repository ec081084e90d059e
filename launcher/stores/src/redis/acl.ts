import { createHash } from 'node:crypto';

export interface RedisUser {
  /** Also the prefix of the keys that are the user's own. */
  readonly name: string;
  readonly password: string;
  /** Key patterns of other owners that this user may look at, and nothing more. */
  readonly reads?: readonly string[];
}

// Everything a service needs is allowed, and then taken away: what stops or reconfigures the server or empties it
// (@admin, @dangerous), and what shows the names of other owners' keys, which no key pattern can hide. INFO is
// given back because clients ask it whether the server has loaded its data.
const COMMANDS = '+@all -@admin -@dangerous -scan -randomkey -dbsize -function -script|flush -script|kill +info';

/** The users of the house, in the form of Redis's ACL file. The default user is the administrator. */
export function aclFile(adminPassword: string, users: readonly RedisUser[]): string {
  const lines = users.map(({ name, password, reads = [] }) => {
    assertPlain(name);
    // Its own keys, also when the owner is part of a hash tag; and the streams, which belong to everybody.
    const keys = `~${name}:* ~{${name}:* ~events:* ~{events:* ~dead:*`;
    const foreign = reads.map((pattern) => ` %R~${plainPattern(pattern)}`).join('');
    return `user ${name} on #${sha256(password)} ${keys}${foreign} &* ${COMMANDS}`;
  });
  return [`user default on #${sha256(adminPassword)} ~* &* +@all`, ...lines, ''].join('\n');
}

// The name becomes a key pattern and a word in a file: anything but letters could widen both.
function assertPlain(name: string): void {
  if (!/^[a-z][a-z0-9-]*$/.test(name) || ['default', 'events', 'dead'].includes(name)) {
    throw new Error(`"${name}" cannot be the name of a Redis user`);
  }
}

// One more word in the line, or a pattern that begins with a star, would give away more than its reader sees.
function plainPattern(pattern: string): string {
  if (!/^[a-z][a-z0-9-]*:[a-z0-9:-]*\*?$/.test(pattern))
    throw new Error(`"${pattern}" is not a key pattern of an owner`);
  return pattern;
}

function sha256(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

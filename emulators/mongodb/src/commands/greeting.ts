import { Binary, ObjectId } from 'bson';
import { maySignInAt } from '../auth/users.ts';
import { failed, ScramConversation } from '../auth/scram.ts';
import { isNumeric, toNumber } from '../bson/numeric.ts';
import { type Doc, isDoc, MAX_DOCUMENT_BYTES } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { SESSION_MINUTES } from '../transactions/sessions.ts';
import type { Reply } from '../wire/reply.ts';
import { MAX_MESSAGE_BYTES } from '../wire/message.ts';
import { type CommandContext, type CommandTable, ok } from './command.ts';
import { MAX_STATEMENTS } from './statements.ts';

/** Who is speaking, in every place a client could mistake it for the real server. */
export const EMULATOR = 'marketgraph';
/** The server version whose behaviour and wire protocol this imitates. */
const VERSION = '7.0.0';
const WIRE_VERSION = 21;

const HELLO_OPTIONS = [
  'helloOk',
  'client',
  'compression',
  'saslSupportedMechs',
  'speculativeAuthenticate',
  'loadBalanced',
  'backpressure',
];

const anybody = { access: 'anybody' } as const;
const hello = { ...anybody, options: HELLO_OPTIONS, run: sayHello };

export const greetingCommands: CommandTable = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping: { ...anybody, options: [], run: () => ok() },
  buildInfo: { ...anybody, options: [], run: buildInfo },
  buildinfo: { ...anybody, options: [], run: buildInfo },
  connectionStatus: { ...anybody, options: ['showPrivileges'], run: connectionStatus },
  saslStart: { ...anybody, options: ['mechanism', 'payload', 'autoAuthorize', 'options'], run: saslStart },
  saslContinue: { ...anybody, options: ['conversationId', 'payload'], run: saslContinue },
  logout: { ...anybody, options: [], run: logout },
  serverStatus: { access: 'user', options: [], run: serverStatus },
};

const ELECTION = new ObjectId('7fffffff0000000000000001');

/** A replica set of one member, so that sessions, transactions and change streams are available. */
function sayHello(context: CommandContext): Reply {
  const { connection, body, name, server } = context;
  const address = connection.address;
  const fields: Doc = {
    helloOk: true,
    [name === 'hello' ? 'isWritablePrimary' : 'ismaster']: true,
    secondary: false,
    hosts: [address],
    setName: 'rs0',
    setVersion: 1,
    me: address,
    primary: address,
    electionId: ELECTION,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: MAX_STATEMENTS,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: SESSION_MINUTES,
    connectionId: connection.id,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
    emulator: EMULATOR,
  };
  if (typeof body.saslSupportedMechs === 'string') fields.saslSupportedMechs = ['SCRAM-SHA-256'];
  if (isDoc(body.speculativeAuthenticate) && server.users.isRequired) {
    const { db, ...start } = body.speculativeAuthenticate;
    const answer = startConversation(context, typeof db === 'string' ? db : context.database, start);
    if (answer) fields.speculativeAuthenticate = answer;
  }
  return ok(fields);
}

function buildInfo(): Reply {
  return ok({
    version: VERSION,
    versionArray: [7, 0, 0, 0],
    gitVersion: 'emulator',
    modules: [],
    emulator: EMULATOR,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
  });
}

function connectionStatus({ connection }: CommandContext): Reply {
  const { user } = connection;
  const users = user ? [{ user: user.username, db: 'admin' }] : [];
  const roles = user ? user.databases.map((db) => ({ role: 'readWrite', db })) : [];
  return ok({ authInfo: { authenticatedUsers: users, authenticatedUserRoles: roles } });
}

function serverStatus({ server }: CommandContext): Reply {
  const { stats, sessions, cursors, startedAt } = server;
  return ok({
    version: VERSION,
    process: 'emulator',
    emulator: EMULATOR,
    uptime: Math.floor((Date.now() - startedAt.getTime()) / 1000),
    connections: { current: stats.connections, totalCreated: stats.totalConnections },
    metrics: { cursor: { open: { total: cursors.count } } },
    transactions: { currentOpen: sessions.runningTransactions },
    logicalSessionRecordCache: { activeSessionsCount: sessions.count },
  });
}

/** A guess that does not fit is not an error: the client goes on with an ordinary conversation. */
function startConversation(context: CommandContext, database: string, { mechanism, payload }: Doc): Doc | undefined {
  if (mechanism !== 'SCRAM-SHA-256' || !(payload instanceof Binary)) return undefined;
  const { connection, server } = context;
  const scram = new ScramConversation(payload.value(), (username) => {
    const user = server.users.find(username);
    return user && maySignInAt(user, database) ? user.credential : undefined;
  });
  connection.user = undefined;
  connection.conversation = { id: 1, scram, isProven: false };
  return { conversationId: 1, done: false, payload: new Binary(Buffer.from(scram.challenge)) };
}

function saslStart(context: CommandContext): Reply {
  const { body, server } = context;
  if (body.mechanism !== 'SCRAM-SHA-256') {
    throw new CommandError(
      'BadValue',
      `emulator: the mechanism ${String(body.mechanism)} is not supported, use SCRAM-SHA-256`,
    );
  }
  if (!server.users.isRequired) throw failed();
  const answer = startConversation(context, context.database, body);
  if (!answer) throw failed();
  return ok(answer);
}

function saslContinue({ connection, body, server }: CommandContext): Reply {
  const { conversation } = connection;
  const id = isNumeric(body.conversationId ?? null) ? toNumber(body.conversationId as number) : undefined;
  if (!conversation || id !== conversation.id || !(body.payload instanceof Binary)) {
    throw new CommandError('ProtocolError', 'No SASL session state found');
  }
  const { scram, isProven } = conversation;
  if (isProven) {
    // Clients without `skipEmptyExchange` send one empty message after the proof.
    connection.conversation = undefined;
    return ok({ conversationId: id, done: true, payload: new Binary(Buffer.alloc(0)) });
  }
  connection.conversation = undefined;
  const signature = scram.finish(body.payload.value());
  connection.user = server.users.find(scram.username);
  return ok({ conversationId: id, done: true, payload: new Binary(Buffer.from(signature)) });
}

function logout({ connection }: CommandContext): Reply {
  connection.user = undefined;
  return ok();
}

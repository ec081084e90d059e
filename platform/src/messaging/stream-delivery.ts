import type { Logger } from '../telemetry/telemetry.ts';
import type { Delivery } from './bus.ts';
import type { EventEnvelope } from './envelope.ts';

export type StreamEntry = [id: string, fields: string[]];
export type StreamReply = [stream: string, entries: StreamEntry[]][] | null;

export function deliveriesOf(reply: StreamReply, log: Logger): Delivery[] {
  const deliveries: Delivery[] = [];
  for (const [stream, entries] of reply ?? []) {
    const domain = stream.slice('events:'.length);
    for (const entry of entries) deliveries.push(deliveryOf(domain, entry, 1, log));
  }
  return deliveries;
}

/** An entry that is not an envelope still gets a delivery: its group buries it with the reason. */
export function deliveryOf(domain: string, [position, fields]: StreamEntry, attempt: number, log: Logger): Delivery {
  return new StreamDelivery(domain, { position, text: fields ? fieldOf(fields, 'e') : undefined, attempt, log });
}

/** Most events are nothing to most groups: they are never parsed. A class, because every group makes one of every event. */
class StreamDelivery implements Delivery {
  readonly position: string;
  readonly name: string | undefined;
  readonly attempt: number;
  readonly #text: string | undefined;
  readonly #log: Logger;
  #envelope: EventEnvelope | undefined;

  constructor(
    readonly domain: string,
    { position, text, attempt, log }: { position: string; text: string | undefined; attempt: number; log: Logger },
  ) {
    this.position = position;
    this.name = nameIn(text);
    this.attempt = attempt;
    this.#text = text;
    this.#log = log;
  }

  get envelope(): EventEnvelope {
    return (this.#envelope ??= this.#parsed());
  }

  #parsed(): EventEnvelope {
    const { domain, position } = this;
    const text = this.#text;
    const onUnreadable = () => this.#log.error({ domain, position }, 'unreadable event');
    return (
      parseEnvelope(text, onUnreadable) ?? {
        ...{ id: position, name: UNREADABLE, version: 0, occurredAt: '', key: '', sequence: 0 },
        payload: text,
      }
    );
  }
}

/** What an entry that is no envelope is called: every group buries it, also when it comes again. */
const UNREADABLE = 'unreadable';
/** Our own envelopes have their name in front, behind nothing but plain texts. */
const NAME = /^\{(?:"(?:id|trace|occurredAt)":"[^"\\]*",)*"name":"([^"\\]+)"/;

function nameIn(text: string | undefined): string | undefined {
  const name = NAME.exec(text ?? '')?.[1];
  return name === UNREADABLE ? undefined : name;
}

function parseEnvelope(text: string | undefined, onUnreadable: () => void): EventEnvelope | undefined {
  try {
    return JSON.parse(text ?? '') as EventEnvelope;
  } catch {
    onUnreadable();
    return undefined;
  }
}

export function fieldOf(fields: readonly string[], name: string): string | undefined {
  const at = fields.indexOf(name);
  return at < 0 ? undefined : fields[at + 1];
}

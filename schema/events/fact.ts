/** A contract: the event's name and version, and a sample that consumers' tests use. */
export interface EventContract<Name extends string, Payload> {
  readonly name: Name;
  readonly version: number;
  readonly sample: Payload;
}

export function fact<Payload>() {
  return <Name extends string>(name: Name, version: number, sample: Payload): EventContract<Name, Payload> => ({
    name,
    version,
    sample,
  });
}

export type PayloadOf<Contract> = Contract extends EventContract<string, infer Payload> ? Payload : never;

/** Money as it travels in events: integer minor units and ISO 4217. */
export interface MoneyFact {
  amount: number;
  currencyCode: string;
}

import { subgraphNames } from '@marketgraph/monolith/registry';
import { ConfigurationError } from '@marketgraph/platform/config';

/** How many processes run of a service; one of whatever is not named. */
export type Copies = Readonly<Record<string, number>>;

/** Each is a process with connections of its own to every store: more than this on one machine is a typing error. */
const MAX_COPIES = 16;

/** `orders=2,inventory=2,gateway=2`. Names everything that is wrong with it at once. */
export function readCopies(text: string): Copies {
  const services = [...subgraphNames, 'gateway'];
  const problems: string[] = [];
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [name = '', number = ''] = entry.split('=', 2).map((part) => part.trim());
      const count = Number(number);
      if (!services.includes(name)) problems.push(`copies: "${name}" is none of ${services.join(', ')}`);
      if (!/^\d+$/.test(number) || count < 1 || count > MAX_COPIES) {
        problems.push(`copies of ${name}: a number from 1 to ${MAX_COPIES}, not "${number}"`);
      }
      return [name, count] as const;
    });
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.fromEntries(entries);
}

/** `orders`, `orders-2`, `orders-3`: what each copy is called in logs and in the map of processes. */
export function copyNames(service: string, copies: Copies): string[] {
  return Array.from({ length: copies[service] ?? 1 }, (_, at) => (at === 0 ? service : `${service}-${at + 1}`));
}

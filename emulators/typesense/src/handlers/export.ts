import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { parseFilter } from '../filter/parse.ts';
import type { Call, Route } from '../http/route.ts';
import { project } from '../search/project.ts';
import { breathe } from '../store/turns.ts';
import { matchingNumbers } from './matching-documents.ts';
import { readNames } from './write-parameters.ts';

const PAGE = 200;

export const exportRoute: Route = {
  method: 'GET',
  path: '/collections/:collection/documents/export',
  parameters: ['filter_by', 'include_fields', 'exclude_fields', 'batch_size'],
  handle(call) {
    const collection = call.catalog.collection(call.path['collection'] ?? '');
    const filterBy = call.query.get('filter_by') ?? '';
    // A bad filter is answered before the first line is on its way.
    parseFilter(filterBy);
    matchingNumbers({ catalog: call.catalog, collection, filterBy, after: -1, limit: 1 });
    return { stream: (response) => writeLines(call, filterBy, response) };
  },
};

/** Documents in the order they were added, a page at a time, no faster than the client reads. */
async function writeLines(call: Call, filterBy: string, response: ServerResponse): Promise<void> {
  const { catalog } = call;
  const collection = catalog.collection(call.path['collection'] ?? '');
  const fields = {
    includeFields: readNames(call.query, 'include_fields'),
    excludeFields: readNames(call.query, 'exclude_fields'),
  };
  const closed = once(response, 'close');
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  let first = true;
  for (let after = -1; !response.destroyed;) {
    if (collection.dropped) throw new Error('the collection was deleted while it was exported');
    const numbers = matchingNumbers({ catalog, collection, filterBy, after, limit: PAGE });
    const lines = numbers.flatMap((number) => {
      const found = collection.at(number);
      return found === undefined ? [] : [JSON.stringify(project(found.document, fields))];
    });
    const text = lines.join('\n');
    if (text !== '' && !response.write(first ? text : `\n${text}`))
      await Promise.race([once(response, 'drain'), closed]);
    if (text !== '') first = false;
    after = numbers.at(-1) ?? after;
    if (numbers.length < PAGE) break;
    await breathe();
  }
  response.end();
}

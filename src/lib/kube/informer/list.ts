import * as v from 'valibot';
import { TurnpikeError } from '../../errors.ts';
import { parseFirst } from '../../first-fault.ts';
import { type KubeClient, OWN_LISTS } from '../client/transport.ts';

export interface ListRequest {
  readonly path: string;
  readonly fieldSelector?: string | undefined;
  readonly signal: AbortSignal;
  /** Objects of one page, and the resourceVersion of the list, which is the same for all pages. */
  readonly onPage: (objects: readonly unknown[], version: string) => void;
}

const Page = v.object({
  metadata: v.object({ resourceVersion: v.string(), continue: v.optional(v.string(), '') }),
  items: v.nullish(v.array(v.unknown())),
});

/**
 * Lists a whole collection page by page, as of one moment.
 * @throws TurnpikeError ApiGone when the pages took so long that the moment is forgotten, ApiRefused for more than the
 * client's limits
 */
export async function listAll(client: KubeClient, request: ListRequest): Promise<void> {
  const { pageSize, pageBytes, pageTimeoutMs, maxPages } = client.lists ?? OWN_LISTS;
  let next = '';
  for (let pages = 1; ; pages += 1) {
    const answer = await client.request({
      method: 'GET',
      path: request.path,
      query: {
        limit: String(pageSize),
        ...(next && { continue: next }),
        ...(request.fieldSelector && { fieldSelector: request.fieldSelector }),
      },
      timeoutMs: pageTimeoutMs,
      maxBytes: pageBytes,
      signal: request.signal,
      isList: true,
    });
    const { metadata, items } = parseFirst(Page, answer);
    // One that ignores the limit may do so; one that others run may not.
    if (client.lists && items && items.length > pageSize) throw tooMany(pageSize);
    request.onPage(items ?? [], metadata.resourceVersion);
    if (metadata.continue === '') return;
    if (pages >= maxPages) throw tooMany(pageSize * maxPages);
    next = metadata.continue;
  }
}

function tooMany(count: number): TurnpikeError {
  const message = `The API server lists more than ${count} objects; that is more than Turnpike reads at once.`;
  return new TurnpikeError('ApiRefused', message);
}

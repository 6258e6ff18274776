import * as v from 'valibot';
import type { KubeClient } from './transport.ts';

export interface ListRequest {
  readonly path: string;
  readonly labelSelector?: string | undefined;
  readonly signal: AbortSignal;
  /** Objects of one page, and the resourceVersion of the list, which is the same for all pages. */
  readonly onPage: (objects: readonly unknown[], version: string) => void;
}

const PAGE_SIZE = '500';
const PAGE_TIMEOUT_MS = 60_000;
const PAGE_MAX_BYTES = 256 * 1024 * 1024;

const Page = v.object({
  metadata: v.object({ resourceVersion: v.string(), continue: v.optional(v.string(), '') }),
  items: v.nullish(v.array(v.unknown())),
});

/**
 * Lists a whole collection page by page, as of one moment.
 * @throws TurnpikeError ApiGone when the pages took so long that the moment is forgotten
 */
export async function listAll(client: KubeClient, request: ListRequest): Promise<void> {
  let next = '';
  for (;;) {
    const answer = await client.request({
      method: 'GET',
      path: request.path,
      query: {
        limit: PAGE_SIZE,
        ...(next && { continue: next }),
        ...(request.labelSelector && { labelSelector: request.labelSelector }),
      },
      timeoutMs: PAGE_TIMEOUT_MS,
      maxBytes: PAGE_MAX_BYTES,
      signal: request.signal,
    });
    const page = v.parse(Page, answer);
    request.onPage(page.items ?? [], page.metadata.resourceVersion);
    if (page.metadata.continue === '') return;
    next = page.metadata.continue;
  }
}

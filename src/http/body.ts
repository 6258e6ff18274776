import { isDeeperThan } from '../lib/text/index.ts';
import { noRoom, problem } from './problem.ts';
import type { Unread } from './server/intake.ts';

/** How large and how deep the bodies of requests may be, and the answers to those that are not read. */

/**
 * A Flux event is below 4 KiB; notification-controller's own bound is 3 MiB. An AdmissionReview of an update holds the
 * object twice, and etcd takes 1.5 MiB at most of each.
 */
export const MAX_BODY_BYTES: number = 3 * 1024 * 1024;

/** Far more than an event, or a Pipeline with its managed fields, needs. */
export const MAX_DEPTH = 100;

/** The value, or the sentence that says why there is none. */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string };

const DECODER = new TextDecoder('utf-8', { fatal: true });

export function parseJson(body: Uint8Array, notJson = 'The body is not JSON.'): ParsedJson {
  if (isDeeperThan(body, MAX_DEPTH)) {
    return { ok: false, detail: `The body is nested deeper than ${MAX_DEPTH} levels.` };
  }
  try {
    return { ok: true, value: JSON.parse(DECODER.decode(body)) };
  } catch {
    return { ok: false, detail: notJson };
  }
}

/** The rest of the body is not read, so the connection cannot serve another request. */
const CLOSE = { connection: 'close' };

export function unread(why: Unread, maxBytes: number): Response {
  switch (why) {
    case 'too-large': {
      const detail = `The body is larger than ${maxBytes} bytes.`;
      return problem({ status: 413, title: 'Content Too Large', detail, headers: CLOSE });
    }
    case 'too-slow': {
      const detail = 'The body was not received in time.';
      return problem({ status: 408, title: 'Request Timeout', detail, headers: CLOSE });
    }
    case 'broken-off': {
      const detail = 'The body ended early.';
      return problem({ status: 400, title: 'Bad Request', detail, headers: CLOSE });
    }
    case 'no-room':
      return noRoom();
  }
}

import type { MessagesOf } from '../../src/reconcile/observe.ts';

/** No namespace hides its messages. */
export const SHOWN: MessagesOf = async () => ({ kind: 'shown' });

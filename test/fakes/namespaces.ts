import type { MessagesOf } from '../../src/reconcile/observe.ts';

/** Messages of every namespace are shown. */
export const SHOWN: MessagesOf = async () => ({ kind: 'shown' });

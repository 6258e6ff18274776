import { setTimeout as sleep } from 'node:timers/promises';

/** Bodies that are never in memory as a whole. */

/** `head`, then the piece so many times, then `tail`. `times` may be infinite: until the reader hangs up. */
export function repeated(
  piece: Uint8Array,
  times: number,
  { head = new Uint8Array(), tail = new Uint8Array() }: { head?: Uint8Array; tail?: Uint8Array } = {},
): ReadableStream<Uint8Array> {
  let done = -1;
  return new ReadableStream({
    pull(controller) {
      done += 1;
      if (done === 0 && head.length > 0) return controller.enqueue(head);
      if (done <= times) return controller.enqueue(piece);
      if (tail.length > 0) controller.enqueue(tail);
      controller.close();
    },
  });
}

/** `head` at once, and then the bytes of `rest` one by one, again and again, as slowly as that. */
export function dripping(
  rest: Uint8Array,
  everyMs: number,
  head: Uint8Array = new Uint8Array(),
): ReadableStream<Uint8Array> {
  let ended = false;
  return new ReadableStream({
    async start(controller) {
      if (head.length > 0) controller.enqueue(head);
      for (let at = 0; !ended; at += 1) {
        controller.enqueue(rest.subarray(at % rest.length, (at % rest.length) + 1));
        await sleep(everyMs);
      }
    },
    cancel() {
      ended = true;
    },
  });
}

import { type Act, between, MIB } from '../act.ts';
import { drained, keepConnecting, SIGNATURE } from '../connections.ts';

const BYTES = 3 * MIB;

/** Each request names a Pipeline of its own that does not exist, and lacks the last byte of its body. */
export const hookHeldBodies: Act = {
  name: 'hook-held-bodies',
  summary: 'hundreds of callers without a key that send the webhook 3 MiB each, but for the last byte',
  perform(context) {
    const connections = between(context.random, 100, 400);
    // Small pieces fill what room there is to the brim.
    const body = Buffer.alloc(context.random.pick([1, 4, 64]) * 1024, 'a');
    context.note(`${connections} connections, pieces of ${body.length} bytes`);
    return keepConnecting(context, {
      port: Number(new URL(context.hook).port),
      tls: false,
      connections,
      async call(socket, number, gone) {
        const start = [
          `POST /promotion/none/p${number}/dev HTTP/1.1`,
          'host: x',
          `content-length: ${BYTES}`,
          SIGNATURE,
        ];
        socket.write(`${start.join('\r\n')}\r\n\r\n`);
        for (let left = BYTES - 1; left > 0 && !gone.aborted; left -= body.length) {
          socket.write(body.subarray(0, Math.min(left, body.length)));
          await drained(socket);
        }
      },
    });
  },
};

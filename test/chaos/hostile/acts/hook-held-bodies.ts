import { type Act, between, MIB } from '../act.ts';
import { drained, keepConnecting, SIGNATURE } from '../connections.ts';

const BYTES = 3 * MIB;
const body = Buffer.alloc(64 * 1024, 'a');

/** Each is of a Pipeline of its own that nobody has, and lacks its last byte. */
export const hookHeldBodies: Act = {
  name: 'hook-held-bodies',
  summary: 'hundreds of callers without a key that send the webhook 3 MiB each, but for the last byte',
  perform(context) {
    const connections = between(context.random, 100, 400);
    context.note(`${connections} connections`);
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

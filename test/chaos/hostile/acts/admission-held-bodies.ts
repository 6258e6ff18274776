import { type Act, between, MIB } from '../act.ts';
import { drained, keepConnecting } from '../connections.ts';

const BYTES = 3 * MIB;

export const admissionHeldBodies: Act = {
  name: 'admission-held-bodies',
  summary: 'callers that send the admission webhook reviews of 3 MiB each, but for the last byte',
  perform(context) {
    const connections = between(context.random, 50, 200);
    // Small pieces fill what room there is to the brim.
    const body = Buffer.alloc(context.random.pick([1, 4, 64]) * 1024, ' ');
    context.note(`${connections} connections, pieces of ${body.length} bytes`);
    return keepConnecting(context, {
      port: context.admissionPort,
      tls: true,
      connections,
      async call(socket, _, gone) {
        socket.write(`POST /validate HTTP/1.1\r\nhost: x\r\ncontent-length: ${BYTES}\r\n\r\n`);
        for (let left = BYTES - 1; left > 0 && !gone.aborted; left -= body.length) {
          socket.write(body.subarray(0, Math.min(left, body.length)));
          await drained(socket);
        }
      },
    });
  },
};

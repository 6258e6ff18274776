import { type Act, between } from '../act.ts';
import { keepConnecting } from '../connections.ts';

/** A handshake's first record, of which half comes. */
const HALF_HELLO = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);

export const admissionHalfOpen: Act = {
  name: 'admission-half-open',
  summary: 'hundreds of callers that begin a TLS handshake with the admission webhook and go no further',
  perform(context) {
    const connections = between(context.random, 100, 500);
    context.note(`${connections} connections`);
    return keepConnecting(context, {
      port: context.admissionPort,
      tls: false,
      connections,
      call: (socket) => void socket.write(HALF_HELLO),
    });
  },
};

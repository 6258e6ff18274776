import { type Act, between, pause } from '../act.ts';
import { keepConnecting } from '../connections.ts';

export const hookSlowHeaders: Act = {
  name: 'hook-slow-headers',
  summary: 'hundreds of callers whose headers come byte by byte',
  perform(context) {
    const connections = between(context.random, 100, 500);
    const everyMs = between(context.random, 200, 5000);
    context.note(`${connections} connections with a byte every ${everyMs} ms`);
    return keepConnecting(context, {
      port: Number(new URL(context.hook).port),
      tls: false,
      connections,
      async call(socket, number, gone) {
        socket.write(`POST /promotion/none/p${number}/dev HTTP/1.1\r\nx-padding: `);
        while (!gone.aborted) {
          socket.write('a');
          await pause(everyMs, gone);
        }
      },
    });
  },
};

import { type Act, between, pause } from '../act.ts';
import { keepConnecting, SIGNATURE } from '../connections.ts';

/** Some hang up in the middle of a body. */
export const hookInventedNames: Act = {
  name: 'hook-invented-names',
  summary: 'callers without a key that flood the webhook with Pipelines that nobody has',
  perform(context) {
    const connections = between(context.random, 8, 64);
    const everyMs = between(context.random, 5, 50);
    context.note(`${connections} connections, each with twenty requests every ${everyMs} ms`);
    let sent = 0;
    const request = () => {
      const name = `n${(sent++).toString(36)}`;
      const signed = sent % 2 === 0 ? `${SIGNATURE}\r\n` : '';
      return `POST /promotion/${name}/${name}/dev HTTP/1.1\r\nhost: x\r\n${signed}content-length: 2\r\n\r\n{}`;
    };
    return keepConnecting(context, {
      port: Number(new URL(context.hook).port),
      tls: false,
      connections,
      async call(socket, _, gone) {
        for (let round = 0; round < 200 && !gone.aborted; round += 1) {
          socket.write(Array.from({ length: 20 }, request).join(''));
          await pause(everyMs, gone);
        }
        socket.write(`${request().replace('length: 2', 'length: 999')}`);
        await pause(everyMs, gone);
        socket.destroy();
      },
    });
  },
};

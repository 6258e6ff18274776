import { type Act, between, MIB } from '../act.ts';
import { actAsForge } from '../forge-server.ts';
import { repeated } from '../streams.ts';

export const forgeLargeAnswers: Act = {
  name: 'forge-large-answers',
  summary: 'a forge whose API answers with hundreds of MiB, in JSON or as an error',
  perform(context) {
    const mib = between(context.random, 7, 300);
    const status = context.random.pick([200, 200, 404, 500]);
    context.note(`${mib} MiB with ${status}`);
    const head = Buffer.from('[{"number":1}');
    const piece = Buffer.from(',{"number":1,"title":"x","body":"x"}'.repeat(4000));
    const headers = { 'content-type': 'application/json' };
    const body = () => repeated(piece, (mib * MIB) / piece.length, { head, tail: Buffer.from(']') });
    return actAsForge(context, () => new Response(body(), { status, headers }));
  },
};

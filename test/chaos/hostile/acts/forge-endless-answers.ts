import { type Act, between } from '../act.ts';
import { actAsForge } from '../forge-server.ts';
import { dripping, repeated } from '../streams.ts';

export const forgeEndlessAnswers: Act = {
  name: 'forge-endless-answers',
  summary: 'a forge whose API never comes to the end of an answer, fast or slowly',
  perform(context) {
    const everyMs = between(context.random, 100, 20_000);
    const isSlow = context.random.chance(0.5);
    context.note(isSlow ? `a byte every ${everyMs} ms` : 'as fast as it can');
    const piece = Buffer.alloc(16_384, ' ');
    const headers = { 'content-type': 'application/json' };
    const body = () => (isSlow ? dripping(piece, everyMs) : repeated(piece, Number.POSITIVE_INFINITY));
    return actAsForge(context, () => new Response(body(), { headers }));
  },
};

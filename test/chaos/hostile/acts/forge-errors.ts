import { type Act, HOSTILE_ADDRESS } from '../act.ts';
import { actAsForge } from '../forge-server.ts';

const words = JSON.stringify({ message: `${'@everybody '.repeat(2000)}\u0007\u202e` });

/** Redirects lead to addresses that only this process can reach. */
export const forgeErrors: Act = {
  name: 'forge-errors',
  summary: 'a forge whose API answers with errors, redirects and limits, one after the other',
  perform(context) {
    const { random } = context;
    const answers = [
      () => new Response(words, { status: random.pick([400, 401, 403, 404, 409, 422, 500, 502, 503]) }),
      () =>
        new Response(words, {
          status: 429,
          headers: { 'retry-after': random.pick(['0', '1', '999999999', '-1']) },
        }),
      () => Response.redirect(`http://169.254.169.254/latest/${random.below(1000)}`, 302),
      () => Response.redirect(`http://${HOSTILE_ADDRESS}:1/${random.below(1000)}`, 307),
      () =>
        new Response('{'.repeat(random.below(100_000)), { headers: { 'content-type': 'application/json' } }),
    ];
    return actAsForge(context, () => random.pickAny(answers)?.() ?? new Response(null, { status: 500 }));
  },
};

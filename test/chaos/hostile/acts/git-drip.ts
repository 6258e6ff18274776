import type { Act } from '../act.ts';
import {
  actAsGitServer,
  advertised,
  advertisement,
  beforePack,
  fetched,
  someUrgency,
} from '../git-server.ts';
import { dripping } from '../streams.ts';

/** Bytes come often enough to stay within any bound for silence. */
export const gitDrip: Act = {
  name: 'git-drip',
  summary: 'a Git server that sends a byte now and then',
  perform(context) {
    const everyMs = context.random.pick([1, 2, 5, 10, 29]) * 1000;
    const dripsRefs = context.random.chance(0.5);
    context.note(`a byte every ${everyMs / 1000} s of ${dripsRefs ? 'its refs' : 'a fetch'}`);
    const oid = 'd'.repeat(40);
    return actAsGitServer(
      context,
      {
        oid,
        refs: (service) =>
          dripsRefs
            ? advertised(service, dripping(advertisement(service, oid), everyMs))
            : advertised(service, advertisement(service, oid)),
        fetch: () => fetched(dripping(Buffer.from('0004'), everyMs, beforePack(oid))),
      },
      someUrgency(context),
    );
  },
};

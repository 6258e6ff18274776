import { randomBytes } from 'node:crypto';
import { type Act, between, MIB } from '../act.ts';
import { actAsGitServer, beforePack, fetched, onBand, someUrgency } from '../git-server.ts';
import { repeated } from '../streams.ts';

export const gitLargePack: Act = {
  name: 'git-large-pack',
  summary: 'a Git server that answers a fetch with hundreds of MiB',
  perform(context) {
    const mib = between(context.random, 100, 400);
    context.note(`${mib} MiB`);
    const oid = 'a'.repeat(40);
    const head = Buffer.alloc(12);
    head.write('PACK');
    head.writeUInt32BE(2, 4);
    head.writeUInt32BE(1, 8);
    const piece = onBand(randomBytes(60_000));
    const answer = () =>
      repeated(piece, (mib * MIB) / piece.length, { head: Buffer.concat([beforePack(oid), onBand(head)]) });
    return actAsGitServer(context, { oid, fetch: () => fetched(answer()) }, someUrgency(context));
  },
};

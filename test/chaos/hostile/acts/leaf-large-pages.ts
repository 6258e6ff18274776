import { type Act, between, MIB } from '../act.ts';
import { actAsLeaf, leafItem } from '../leaf-server.ts';
import { repeated } from '../streams.ts';

const head = Buffer.from('{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a"}}');
const tail = Buffer.from(']}');

export const leafLargePages: Act = {
  name: 'leaf-large-pages',
  summary: 'a leaf API server whose lists, and single objects, are hundreds of MiB',
  perform(context) {
    const mib = between(context.random, 4, 300);
    context.note(`${mib} MiB`);
    const piece = Buffer.from(`,${JSON.stringify(leafItem('a', 100))}`.repeat(500));
    const headers = { 'content-type': 'application/json' };
    const list = () => new Response(repeated(piece, (mib * MIB) / piece.length, { head, tail }), { headers });
    return actAsLeaf(context, { list });
  },
};

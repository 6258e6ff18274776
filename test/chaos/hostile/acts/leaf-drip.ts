import { type Act, between } from '../act.ts';
import { actAsLeaf } from '../leaf-server.ts';
import { dripping } from '../streams.ts';

export const leafDrip: Act = {
  name: 'leaf-drip',
  summary: 'a leaf API server that sends a byte now and then',
  perform(context) {
    const everyMs = between(context.random, 50, 2500);
    context.note(`a byte every ${everyMs} ms`);
    const headers = { 'content-type': 'application/json' };
    return actAsLeaf(context, { list: () => new Response(dripping(Buffer.from(' '), everyMs), { headers }) });
  },
};

import { type Act, between } from '../act.ts';
import { actAsLeaf, leafItem } from '../leaf-server.ts';

export const leafEndlessPages: Act = {
  name: 'leaf-endless-pages',
  summary: 'a leaf API server whose lists always continue',
  perform(context) {
    const bytes = between(context.random, 0, 60_000);
    const count = between(context.random, 1, 100);
    context.note(`pages of ${count} objects of ${bytes} bytes`);
    let number = 0;
    const list = () => {
      const items = Array.from({ length: count }, () => leafItem(`a${number++}`, bytes));
      return Response.json({ metadata: { resourceVersion: '1', continue: `${number}` }, items });
    };
    const read = () => Response.json(leafItem('app0', bytes));
    return actAsLeaf(context, { list, read });
  },
};

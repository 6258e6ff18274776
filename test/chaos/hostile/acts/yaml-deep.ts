import { type Act, between } from '../act.ts';
import { actByRepository } from '../yaml-repository.ts';

export const yamlDeep: Act = {
  name: 'yaml-deep',
  summary: 'a repository with a marked file that nests hundreds of thousands of levels',
  perform(context) {
    const depth = between(context.random, 50, 400_000);
    context.note(`${depth} levels`);
    const flow = (marker: string) => `v: 1.0.0 # ${marker}\na: ${'['.repeat(depth)}${']'.repeat(depth)}\n`;
    const block = (marker: string) => `v: 1.0.0 # ${marker}\n${'- '.repeat(Math.min(depth, 200_000))}a\n`;
    return actByRepository(context, [
      { text: flow, copies: between(context.random, 1, 20) },
      { text: block, copies: between(context.random, 1, 20) },
    ]);
  },
};

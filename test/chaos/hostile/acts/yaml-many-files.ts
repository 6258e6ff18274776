import { type Act, between } from '../act.ts';
import { actByRepository } from '../yaml-repository.ts';

export const yamlManyFiles: Act = {
  name: 'yaml-many-files',
  summary: 'a repository with a thousand marked files that are costly to read',
  perform(context) {
    const copies = between(context.random, 200, 1000);
    const tokens = between(context.random, 20_000, 200_000);
    context.note(`${copies} files of ${tokens} tokens`);
    const text = (marker: string) => `v: 1.0.0 # ${marker}\na: [${'b,'.repeat(tokens / 2)}b]\n`;
    return actByRepository(context, [{ text, copies }]);
  },
};

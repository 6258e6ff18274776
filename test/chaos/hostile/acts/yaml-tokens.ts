import { type Act, between } from '../act.ts';
import { actByRepository } from '../yaml-repository.ts';

export const yamlTokens: Act = {
  name: 'yaml-tokens',
  summary: 'a repository with a marked file of hundreds of thousands of YAML tokens',
  perform(context) {
    const tokens = between(context.random, 50_000, 490_000);
    context.note(`${tokens} tokens`);
    const text = (marker: string) => `v: 1.0.0 # ${marker}\na: [${'b,'.repeat(tokens / 2)}b]\n`;
    return actByRepository(context, [{ text, copies: 1 }]);
  },
};

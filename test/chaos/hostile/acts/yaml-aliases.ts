import { type Act, between } from '../act.ts';
import { actByRepository } from '../yaml-repository.ts';

export const yamlAliases: Act = {
  name: 'yaml-aliases',
  summary: 'a repository with a marked file whose aliases would be billions of values',
  perform(context) {
    const levels = between(context.random, 10, 60);
    const width = between(context.random, 10, 500);
    context.note(`${levels} levels of ${width} aliases`);
    const text = (marker: string) => {
      const lines = Array.from({ length: levels }, (_, index) => {
        return `a${index + 1}: &a${index + 1} [${`*a${index},`.repeat(width)}*a${index}]`;
      });
      return [`v: 1.0.0 # ${marker}`, 'a0: &a0 x', ...lines, ''].join('\n');
    };
    return actByRepository(context, [{ text, copies: between(context.random, 1, 20) }]);
  },
};

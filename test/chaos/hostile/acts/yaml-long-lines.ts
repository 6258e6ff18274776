import { type Act, between } from '../act.ts';
import { actByRepository } from '../yaml-repository.ts';

/** Comments and scalars in which a marker seems to begin again and again. */
export const yamlLongLines: Act = {
  name: 'yaml-long-lines',
  summary: 'a repository with a marked file of lines of a million characters',
  perform(context) {
    const bytes = between(context.random, 100_000, 950_000);
    context.note(`${bytes} bytes a line`);
    const fill = context.random.pick(['# {"$promotion": "', ' ', '"', "'", '{', '\t', 'a: ', '#']);
    const long = fill.repeat(Math.floor(bytes / fill.length));
    const text = (marker: string) => `v: 1.0.0 # ${marker}\n# ${long}\nb: "${long.replaceAll('"', '\\"')}"\n`;
    return actByRepository(context, [
      { text: (marker) => text(marker).slice(0, 1_000_000), copies: between(context.random, 1, 10) },
    ]);
  },
};

import definition from '../../manifests/crd/pipelines.yaml' with { type: 'text' };
import type { Command } from './command.ts';

export const crd: Command = {
  summary: 'prints the CustomResourceDefinition',
  help: () =>
    'Usage: turnpike crd\n\nPrints the CustomResourceDefinition of Pipeline, for `kubectl apply -f -`.\n',
  async run(args, { out, err }) {
    if (args.length > 0) {
      err('turnpike crd takes no arguments.\n');
      return 2;
    }
    out(definition);
    return 0;
  },
};

import manifest from '../../package.json' with { type: 'json' };
import type { Command } from './command.ts';

export const VERSION = manifest.version;

export const version: Command = {
  summary: 'prints the version',
  help: () => 'Usage: turnpike version\n\nPrints the version.\n',
  async run(args, { out, err }) {
    if (args.length > 0) {
      err('turnpike version takes no arguments.\n');
      return 2;
    }
    out(`turnpike ${VERSION} (bun ${Bun.version})\n`);
    return 0;
  },
};

import { describe, expect, test } from 'bun:test';
import type { Flag } from '../../../src/cli/flags.ts';
import { SERVE_FLAGS } from '../../../src/cli/serve/flags.ts';

const PAGE = await Bun.file(new URL('../../../docs/flags.md', import.meta.url)).text();
const ROWS = new Map(
  [...PAGE.matchAll(/^\| `--([a-z-]+)` \| (?:`([^`]*)`|empty) \| (.*) \|$/gm)].map(
    ([, name = '', value = '', text = '']) => [name, { default: value, text }] as const,
  ),
);
const FLAGS: [name: string, flag: Flag<unknown>][] = Object.entries(SERVE_FLAGS);

describe('docs/flags.md', () => {
  test('lists all flags of serve and no others', () => {
    expect([...ROWS.keys()].sort()).toEqual(FLAGS.map(([name]) => name).sort());
  });

  test.each(FLAGS)('has the default of --%s, and says of it what --help says', (name, flag) => {
    const row = ROWS.get(name);
    expect(row?.default).toBe(flag.default);
    expect(row?.text.replace(/ \[More\]\(\S+\)\.$/, '')).toBe(flag.help);
  });
});

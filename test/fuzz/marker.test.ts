import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { type RevisionPart, revisionPart } from '../../src/decide/model/revision.ts';
import { editMarked } from '../unit/lib/yaml/edit-marked.ts';
import { mutateBytes } from './bytes.ts';
import { runCampaign, shorterTexts, timeoutOf } from './campaign.ts';
import { checkEdited } from './edited.ts';
import type { Random } from './random.ts';

const QUICK = 3000;
const KEY = 'apps:podinfo:prod';
const MARK = `# {"$promotion": "${KEY}"}`;
const PARTS: readonly RevisionPart[] = ['revision', 'tag', 'digest'];
const FIXTURES = join(import.meta.dir, '../fixtures');

const TOKENS = [
  ...[
    MARK,
    ` ${MARK}\n`,
    `: 6.0.0 ${MARK}\n`,
    `\n  ${MARK}\n`,
    `"6.0.0", ${MARK}\n`,
    ` # {"$imagepolicy": "a:b:tag"} ${MARK}\n`,
    ` ${MARK} # {"$imagepolicy": "a:b:tag"}\n`,
    `#{"$promotion":"${KEY}"}\n`,
    'ENC[AES256_GCM,data:a]',
    '\nsops:\n  mac: x\n',
    KEY,
    '$promotion',
    ':tag',
    ':digest',
    `: 6.0.0 # {"$promotion": "${KEY}:tag"}\n`,
    `: 6.0.0 # {"$promotion": "${KEY}:digest"}\n`,
    '# ',
    '#',
  ],
  ...[
    '|\n',
    '>-\n',
    '|2+ ',
    '&a ',
    '*a',
    '!!int ',
    '!<tag:x> ',
    '? ',
    '- ',
    '-\t',
    ': ',
    '\r',
    '\r\n',
    '\t',
    '---\n',
    '...',
  ],
  ...[
    '[',
    ']',
    '{',
    '}',
    ',',
    "'",
    '"',
    '\\',
    '%YAML 9.9\n---\n',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\u0002',
    '\u0018',
    '\u001f',
  ],
  ...['\n      ', '<<: *a', '@', '`', '0o17', '~', '\\\n', '"\\u00', "''", '{{ .Values.x }}', '\ud83d\ude00'],
];
const VALUES = [
  '6.1.0',
  '6.10',
  'main@sha1:0123abc',
  `6.1.0@sha256:${'0123456789abcdef'.repeat(4)}`,
  "it's",
  '"',
  '#',
  ': ',
  'a b',
  '',
  'true',
  '\\',
  '📚',
  '-',
  '\ud800',
  '<<',
] as const;

const SEEDS = await seeds();

interface Edit {
  readonly text: string;
  readonly value: string;
}

async function seeds(): Promise<[string, ...string[]]> {
  const files = [...new Bun.Glob('{markers,corpus}/**/*.y*ml').scanSync(FIXTURES)].sort();
  const texts = await Promise.all(files.map((file) => Bun.file(join(FIXTURES, file)).text()));
  return [`a: 1 ${MARK}\n`, ...texts];
}

function mutant(random: Random): Edit {
  const bytes = mutateBytes(random.pick(SEEDS), random, TOKENS);
  // As they are read from Git: what is no UTF-8 stays out, so that only texts that are the same in bytes come in.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return { text, value: random.chance(0.7) ? '6.1.0' : random.pick(VALUES) };
}

function check({ text, value }: Edit): string {
  const result = editMarked(text, KEY, value);
  if (result.edits.length > result.marked) throw new Error('more edits than markers');
  if (result.edits.length === 0 && result.text !== text) throw new Error('changed without an edit');
  if (result.problems.some((problem) => problem.length > 1000)) throw new Error('a problem is long');
  const again = editMarked(result.text, KEY, value);
  if (again.text !== result.text || again.edits.length > 0) throw new Error('a second edit changes more');
  if (result.edits.length === 0) return result.problems.length > 0 ? 'refused' : 'left alone';
  const values = PARTS.flatMap((part) => revisionPart(value, part) ?? []);
  checkEdited(text, result, values);
  return result.problems.length > 0 ? 'edited and refused' : 'edited';
}

test(
  'an edit of any text changes the marked scalars and no other byte',
  async () => {
    const result = await runCampaign({
      name: 'marked files',
      quick: QUICK,
      mutant,
      check,
      show: ({ text, value }) => `${JSON.stringify(text)} and ${JSON.stringify(value)}`,
      shrink: shorterEdits,
    });
    expect(result.faults).toEqual([]);
    // A file of 250,000 tokens, which is the bound, is read twice, and edited twice here.
    expect(result.slowestMs).toBeLessThan(15_000);
    expect(result.heapGrowth).toBeLessThan(20);
    expect(result.rssGrowth).toBeLessThan(150);
  },
  timeoutOf(QUICK),
);

function* shorterEdits({ text, value }: Edit): Generator<Edit> {
  for (const shorter of shorterTexts(text)) yield { text: shorter, value };
}

import { expect, test } from 'bun:test';
import { Glob } from 'bun';

const SOURCE = new URL('../../../../src', import.meta.url).pathname;

test('the rules are entered by validation.ts, which only names exports', async () => {
  const past: string[] = [];
  for (const file of new Glob('**/*.ts').scanSync(SOURCE)) {
    if (file.startsWith('decide/validation')) continue;
    if (/from '[^']*\/validation\/[^']*'/.test(await Bun.file(`${SOURCE}/${file}`).text())) past.push(file);
  }
  expect(past).toEqual([]);
  const entry = await Bun.file(`${SOURCE}/decide/validation.ts`).text();
  const names = /export (?:type )?\{[^}*]*\} from '[^']+';\s*/g;
  expect(entry.replace(names, '').replace(/\/\*\*.*?\*\/\s*/gs, '')).toBe('');
});

/**
 * `npm run fuzz`: 100,000 mutants of each kind from a seed of its own, which takes some minutes. `FUZZ_COUNT`,
 * `FUZZ_SEED` and `FUZZ_FIRST` say otherwise; arguments name test files.
 */
import { join } from 'node:path';

const ROOT = join(import.meta.dir, '../..');
const COUNT = '100000';
const TIMEOUT_MS = 2 ** 31 - 1;

const seed = String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0).slice(0, 9);
const given = process.argv.slice(2);
const files = given.length > 0 ? given : ['test/fuzz'];

const child = Bun.spawn([process.execPath, 'test', `--timeout=${TIMEOUT_MS}`, ...files], {
  cwd: ROOT,
  env: { FUZZ_COUNT: COUNT, FUZZ_SEED: seed, ...process.env },
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.on('SIGTERM', () => child.kill());
process.exit(await child.exited);

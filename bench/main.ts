import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { reportToStderr } from '../test/lab/build/reporter.ts';
import { startLab } from '../test/lab/lab.ts';
import { exitWithParent } from '../test/lab/parent.ts';
import { startTurnpike } from '../test/lab/turnpike.ts';
import { benchHook } from './hook.ts';
import { memoryOf } from './memory.ts';
import { benchPromotion } from './promotion.ts';
import { startStopwatch } from './stopwatch.ts';
import { type Figure, formatTable } from './table.ts';

/** `npm run bench`: the figures as tables; `-- --json FILE` writes them to a file too. */

const IDLE_SECONDS = 10;

async function main(): Promise<void> {
  exitWithParent();
  const { values } = parseArgs({ options: { json: { type: 'string' } } });
  const reporter = reportToStderr();
  // Flux itself would take part of the machine; the benchmarks play it.
  await using lab = await startLab({ gitea: true, definitions: true, reporter });
  const watch = startStopwatch(lab.gitea.url);
  const flags = {
    'insecure-git-hosts': [lab.gitea.url, watch.url].map((url) => new URL(url).host).join(','),
    // The load comes from one address and is about one pipeline.
    'promotion-hook-rate-limit': '1000000000',
  };
  const turnpike = await startTurnpike(lab, { flags });
  await Bun.sleep(IDLE_SECONDS * 1000);
  const idle = await memoryOf(turnpike);
  const promotion = await benchPromotion(lab, turnpike, watch);
  const hook = await benchHook(lab, turnpike);
  const after = await memoryOf(turnpike);
  watch.stop();
  const memory: Figure[] = [
    { name: 'idle', value: idle, unit: 'MB', goal: 'at most 110 MB', met: idle <= 110 },
    {
      name: 'after the load above',
      value: after,
      unit: 'MB',
      goal: '(predecessor: 47 MB idle, 107 MB after)',
    },
  ];
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, shared with the load generator`;
  console.log(`Machine: ${machine}`);
  console.log(formatTable('Promotion by pull request (10 files, Gitea)', promotion));
  console.log(formatTable('Promotion webhook (wrk -t1 -c32)', hook));
  console.log(formatTable('Memory', memory));
  if (values.json)
    await Bun.write(values.json, `${JSON.stringify({ machine, promotion, hook, memory }, null, 2)}\n`);
}

await main();
process.exit(0);

import { parseArgs } from 'node:util';
import { reportToStderr } from '../test/lab/build/reporter.ts';
import { type Lab, startLab } from '../test/lab/lab.ts';
import { exitWithParent } from '../test/lab/parent.ts';
import { startTurnpike, type Turnpike } from '../test/lab/turnpike.ts';
import { benchAdmission } from './admission.ts';
import { AT_ONCE, benchGit } from './git.ts';
import { benchHook } from './hook.ts';
import { benchIdle } from './idle.ts';
import { observeMachine } from './machine.ts';
import { memoryOf } from './memory.ts';
import { benchPromotion } from './promotion.ts';
import { benchRotation } from './rotation.ts';
import { type Stopwatch, startStopwatch } from './stopwatch.ts';
import { type Figure, formatTable } from './table.ts';

const USAGE = `npm run bench [-- SUITE…] [--json FILE]

Prints the figures of the suites as tables, of all when none is named:
  promotion  from an event to its pull request
  git        the same in a repository of 12,000 files, a hundred at once too
  hook       the promotion webhook under load
  admission  the admission webhook under load, and what it adds to kubectl apply
  rotation   certificates that change while Pipelines come in
  idle       what 1,000 Pipelines cost in which nothing happens
  memory     before and after the others
--json FILE writes the figures to a file too.
`;

const IDLE_SECONDS = 10;
const SUITES = ['promotion', 'git', 'hook', 'admission', 'rotation', 'idle', 'memory'];

interface Setup {
  readonly lab: Lab;
  readonly turnpike: Turnpike;
  readonly watch: Stopwatch;
}

interface Suite {
  readonly title: string;
  readonly figures: readonly Figure[];
}

async function main(): Promise<number> {
  exitWithParent();
  const { values, positionals } = parseArgs({
    options: { json: { type: 'string' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((suite) => !SUITES.includes(suite));
  if (values.help || unknown.length > 0) {
    console.error(unknown.length > 0 ? `There is no suite ${unknown.join(', ')}.\n\n${USAGE}` : USAGE);
    return values.help ? 0 : 2;
  }
  const observed = observeMachine();
  const suites = await runSuites((suite) => positionals.length === 0 || positionals.includes(suite));
  const machine = observed.describe();
  console.log(`Machine: ${machine}`);
  for (const { title, figures } of Object.values(suites)) console.log(formatTable(title, figures));
  const figures = Object.entries(suites).map(([name, suite]) => [name, suite.figures]);
  const json = { machine, ...Object.fromEntries(figures) };
  if (values.json) await Bun.write(values.json, `${JSON.stringify(json, null, 2)}\n`);
  return 0;
}

async function runSuites(isWanted: (suite: string) => boolean): Promise<Record<string, Suite>> {
  // Flux itself would take part of the machine; the benchmarks play it.
  await using lab = await startLab({ gitea: true, definitions: true, reporter: reportToStderr() });
  const setup = await setUp(lab);
  const suites: Record<string, Suite> = {};
  const idle = isWanted('memory') ? await idleMemory(setup) : [];
  if (isWanted('promotion')) {
    const figures = await benchPromotion(lab, setup.turnpike, setup.watch);
    suites.promotion = { title: 'Promotion by pull request (10 files, Gitea)', figures };
  }
  if (isWanted('git')) {
    const figures = await benchGit(lab, setup.turnpike, setup.watch);
    suites.git = { title: 'Git (1,000 applications × 3 environments × 4 files, Gitea)', figures };
  }
  if (isWanted('hook')) {
    const figures = await benchHook(lab, setup.turnpike);
    suites.hook = { title: 'Promotion webhook (wrk -t1 -c32)', figures };
  }
  if (isWanted('admission')) {
    const figures = await benchAdmission(lab, setup.turnpike);
    suites.admission = { title: 'Admission webhook (wrk -t1 -c100 over TLS)', figures };
  }
  if (isWanted('rotation')) {
    const figures = await benchRotation(lab, setup.turnpike);
    suites.rotation = { title: 'Three rotations of the certificate under load', figures };
  }
  if (isWanted('idle')) {
    const figures = await benchIdle(lab, setup.turnpike);
    suites.idle = { title: 'An idle fleet (1,000 Pipelines, 3,000 Kustomizations)', figures };
  }
  if (isWanted('memory')) {
    const figures = [...idle, await memoryAfter(setup)];
    suites.memory = { title: 'Memory', figures };
  }
  setup.watch.stop();
  return suites;
}

async function setUp(lab: Lab): Promise<Setup> {
  const watch = startStopwatch(lab.gitea.url);
  const flags = {
    'insecure-git-hosts': [lab.gitea.url, watch.url].map((url) => new URL(url).host).join(','),
    // The load comes from one address and is about one pipeline.
    'promotion-hook-rate-limit': '1000000000',
    // Measurements one after the other do not depend on it; a hundred promotions at once are to go together.
    concurrent: String(AT_ONCE),
  };
  return { lab, watch, turnpike: await startTurnpike(lab, { flags }) };
}

async function idleMemory({ turnpike }: Setup): Promise<Figure[]> {
  await Bun.sleep(IDLE_SECONDS * 1000);
  const value = await memoryOf(turnpike);
  return [{ name: 'idle', value, unit: 'MB', goal: 'at most 110 MB', met: value <= 110 }];
}

async function memoryAfter({ turnpike }: Setup): Promise<Figure> {
  const value = await memoryOf(turnpike);
  return {
    name: 'after the load above',
    value,
    unit: 'MB',
    goal: '(predecessor: 47 MB idle, 107 MB after)',
  };
}

process.exit(await main());

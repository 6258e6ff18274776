import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabEnvironment } from '../environment.ts';
import { startSupervisor } from '../supervisor.ts';
import type { ComponentName } from './components.ts';
import { makeComponent } from './go.ts';
import { withLock } from './lock.ts';
import { duration, type Reporter } from './reporter.ts';
import { type Installed, isExecutable, type Located, locate } from './store.ts';

/**
 * Finds the components, and builds into the cache what it lacks. Two processes at once do not build the
 * same: the second waits for the first and finds its results.
 */
export async function installComponents(
  names: readonly ComponentName[],
  environment: LabEnvironment,
  reporter: Reporter,
): Promise<Installed> {
  const found = names.map((name) => locate(name, environment));
  if (!found.some(isLacking)) return byName(found);
  await mkdir(environment.cache, { recursive: true });
  await withLock(
    {
      file: join(environment.cache, 'build.lock'),
      onWait: () => reporter.note('Another process is building the lab; waiting for it.'),
    },
    () => buildLacking(names, environment, reporter),
  );
  return byName(names.map((name) => locate(name, environment)));
}

/** True when nothing would have to be built. */
export function isInstalled(names: readonly ComponentName[], environment: LabEnvironment): boolean {
  return !names.map((name) => locate(name, environment)).some(isLacking);
}

function isLacking({ lacks }: Located): boolean {
  return lacks.binary || lacks.assets;
}

function byName(located: readonly Located[]): Installed {
  return new Map(located.map((each) => [each.component.name, each]));
}

async function buildLacking(
  names: readonly ComponentName[],
  environment: LabEnvironment,
  reporter: Reporter,
): Promise<void> {
  const lacking = names.map((name) => locate(name, environment)).filter(isLacking);
  if (lacking.length === 0) return;
  checkTools(lacking);
  const expected = duration(expectedSeconds(lacking));
  reporter.note(
    `Preparing ${lacking.length} parts of the lab in ${environment.cache}. This happens once` +
      ` and takes about ${expected} on two cores.`,
  );
  const supervisor = await startSupervisor(environment.cache);
  try {
    for (const [index, located] of lacking.entries()) {
      const title = `[${index + 1}/${lacking.length}] ${located.component.name} ${located.component.version}`;
      const left = expectedSeconds(lacking.slice(index));
      await withProgress({ title, left, reporter }, () => makeComponent(located, supervisor));
    }
  } finally {
    await supervisor.stop();
  }
}

function checkTools(lacking: readonly Located[]): void {
  const missing = (program: string) => !hasProgram(program);
  if (missing('go')) {
    throw new Error('the lab is built with Go, and there is no "go" on the PATH; install Go 1.26 or newer');
  }
  const compiled = lacking.find(({ component, lacks }) => component.needsCompiler && lacks.binary);
  if (compiled === undefined || !missing('cc') || !missing('gcc')) return;
  const { name } = compiled.component;
  throw new Error(
    `${name} needs a C compiler, and there is none on the PATH; install one (Debian: apt-get install gcc libc6-dev)`,
  );
}

function hasProgram(name: string): boolean {
  const path = Bun.which(name);
  return path !== null && isExecutable(path);
}

/** A component whose binary exists already needs no build: its assets are only a download. */
function expectedSeconds(lacking: readonly Located[]): number {
  const isWhole = ({ component, lacks }: Located) => lacks.binary || component.main === undefined;
  return lacking.reduce((sum, located) => sum + (isWhole(located) ? located.component.coldSeconds : 5), 0);
}

interface Step {
  readonly title: string;
  /** The time that this step and those after it are expected to take, in seconds. */
  readonly left: number;
  readonly reporter: Reporter;
}

async function withProgress({ title, left, reporter }: Step, work: () => Promise<void>): Promise<void> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const show = () => {
    const rest = Math.max(left - seconds(), 1);
    reporter.progress(`${title}: ${duration(seconds())} so far, about ${duration(rest)} left in all`);
  };
  show();
  const timer = setInterval(show, 1000);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  reporter.note(`${title}: ready after ${duration(seconds())}`);
}

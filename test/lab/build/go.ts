import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lastLines, run, runOrThrow } from '../command.ts';
import type { Supervisor } from '../supervisor.ts';
import type { Component } from './components.ts';
import type { Located } from './store.ts';

/** The user's own flags and workspaces must not change the build. */
const BUILD_DEADLINE_SECONDS = 3600;
const ENVIRONMENT = { GOFLAGS: '-buildvcs=false -mod=mod', GOWORK: 'off' };

/**
 * Makes the missing parts of one component. Everything is made in the supervisor's directory and moved to
 * its place when it is whole, so nothing half-built is ever found there. The directory must be on the
 * cache's file system.
 */
export async function makeComponent(located: Located, supervisor: Supervisor): Promise<void> {
  const { component, binary, assets, lacks } = located;
  const work = join(supervisor.directory, component.name);
  await mkdir(work, { recursive: true });
  const source = await downloadModule(component, work);
  if (lacks.assets) await keepAssets(component, source, { from: work, to: assets });
  if (lacks.binary && component.main !== undefined) {
    const directory = await prepareBuild(component, source, work);
    await putInPlace(await build(component, component.main, { directory, supervisor }), binary);
  }
  await rm(work, { recursive: true, force: true });
}

/** Downloads the module into Go's module cache and returns its directory there. */
async function downloadModule({ name, module, version }: Component, cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(['go', 'mod', 'download', '-json', `${module}@${version}`], {
    cwd,
    env: ENVIRONMENT,
  });
  const answer: unknown = code === 0 ? JSON.parse(stdout) : undefined;
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string') {
    return answer.Dir;
  }
  const said = lastLines(`${stdout}\n${stderr}`, 20);
  throw new Error(
    `cannot download ${name} (${module}@${version}); is the Go module proxy reachable?\n${said}`,
  );
}

function prepareBuild(component: Component, source: string, work: string): Promise<string> {
  return component.method === 'source'
    ? copySource(component, source, work)
    : writeModule(component, source, work);
}

/** Builds in `directory` and returns the binary's path. The supervisor ends the build with its owner. */
async function build(
  component: Component,
  main: string,
  { directory, supervisor }: { directory: string; supervisor: Supervisor },
): Promise<string> {
  const output = join(supervisor.directory, `${component.name}.built`);
  const argv = [
    ...['go', 'build', '-o', output],
    ...['-ldflags', ['-s', '-w', ...component.ldflags].join(' ')],
    ...(component.tags.length === 0 ? [] : ['-tags', component.tags.join(' ')]),
    main,
  ];
  const building = await supervisor.start(`build-${component.name}`, {
    argv,
    env: ENVIRONMENT,
    cwd: directory,
  });
  if ((await building.ended(BUILD_DEADLINE_SECONDS)) === 0) return output;
  const said = lastLines(await building.log(), 20);
  throw new Error(`building ${component.name} ${component.version} failed; the last it said:\n${said}`);
}

/** A copy that can be written to, without the replace directive for its own API, which is not there. */
async function copySource({ module }: Component, source: string, work: string): Promise<string> {
  const copy = join(work, 'source');
  await runOrThrow(['cp', '-R', source, copy]);
  await runOrThrow(['chmod', '-R', 'u+w', copy]);
  await runOrThrow(['go', 'mod', 'edit', `-dropreplace=${module}/api`], { cwd: copy, env: ENVIRONMENT });
  return copy;
}

/**
 * An empty module that requires the component. Kubernetes replaces its own libraries by directories of
 * its repository; they are released as v0.<minor>.<patch> as well.
 */
async function writeModule({ module, version }: Component, source: string, work: string): Promise<string> {
  const original = await readFile(join(source, 'go.mod'), 'utf8');
  const goVersion = /^go .+$/m.exec(original)?.[0] ?? '';
  const local = [...original.matchAll(/^\s*(?:replace )?(\S+) => \.\/staging\//gm)].map((match) => match[1]);
  const released = version.replace(/^v1\./, 'v0.');
  const replaces = local.map((path) => `replace ${path} => ${path} ${released}`);
  const lines = ['module turnpike-lab', goVersion, `require ${module} ${version}`, ...replaces];
  await writeFile(join(work, 'go.mod'), `${lines.join('\n')}\n`);
  return work;
}

async function keepAssets(
  component: Component,
  source: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const kept = join(from, 'assets');
  for (const directory of component.assets) {
    const target = join(kept, directory);
    await mkdir(dirname(target), { recursive: true });
    await runOrThrow(['cp', '-R', join(source, directory), target]);
  }
  await runOrThrow(['chmod', '-R', 'u+w', kept]);
  await putInPlace(kept, to);
}

async function putInPlace(made: string, place: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  await rename(made, place);
}

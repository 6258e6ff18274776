import type { EnvironmentStatus, PipelineStatus, StoredPipeline } from '../../../src/api/pipeline.ts';
import type { State } from '../plant/box.ts';
import { HOUR } from '../world/world.ts';

/**
 * One text for all states that go on in the same way. Times count by their order and by the class of their age; commits
 * by the order in which they appear; what nothing is decided from is left out.
 */
export function signature(state: State): bigint {
  const { world, stored, asked, up, wakeAt, facts, armed, deleted } = state;
  const text = JSON.stringify([
    { ...world, now: 0, commits: 0, clusters: timed(world.clusters), mail: timed(world.mail) },
    up,
    armed,
    deleted,
    wakeAt <= world.now,
    specKey(stored),
    hourOf(stored, world.now),
    essential(stored.status),
    [...asked].map(([key, one]) => [key, ageClass(world.now - one.at), one.isHeld]),
    timed(facts.reported),
    facts.no,
    facts.uncertain,
    facts.late,
    facts.ran,
    facts.soaked,
    facts.approved,
    facts.notified,
  ]);
  return BigInt(Bun.hash(normalised(text, world.now)));
}

const specKeys = new WeakMap<object, string>();

function specKey({ metadata, spec, status }: StoredPipeline): string {
  const known = specKeys.get(spec) ?? JSON.stringify(spec);
  specKeys.set(spec, known);
  return `${known} ${metadata.generation === status.observedGeneration}`;
}

/** The hour of the day, where windows count. */
function hourOf({ spec }: StoredPipeline, now: number): number {
  const { gates } = (spec.ok && spec.value.promotion) || {};
  return gates?.windows ? Math.floor(now / HOUR) % 24 : 0;
}

function essential({ environments = {}, executions = [], abandoned = [] }: PipelineStatus): unknown {
  return [
    Object.entries(environments).map(([name, state]) => [name, stateOf(state)]),
    executions.map(({ revision, environments: stages }) => [revision, stages]),
    abandoned.map(({ environment, pullRequest }) => [environment, pullRequest.url]),
  ];
}

function stateOf({ targets = [], deployment, promotion, rejected = [] }: EnvironmentStatus): unknown {
  const { message: _, startedAt: __, ...record } = promotion ?? {};
  return [
    targets.map(({ ready, revision, observedAt, seen }) => [ready, revision, observedAt, seen]),
    deployment && [deployment.revision, deployment.phase, deployment.observedAt, deployment.source],
    record,
    rejected.map((one) => one.revision),
  ];
}

/** Numbers that are times, as texts that are. */
function timed(value: unknown): string {
  return JSON.stringify(value).replaceAll(/\d{13}/g, (at) => new Date(Number(at)).toISOString());
}

const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;
const COMMIT = /"c\d+"/g;

function normalised(text: string, now: number): string {
  const times = [...new Set(text.match(TIME) ?? [])].map((time) => Date.parse(time));
  const order = new Map(times.toSorted((a, b) => a - b).map((time, index) => [time, index]));
  const commits = new Map<string, number>();
  return text
    .replaceAll(TIME, (time) => {
      const at = Date.parse(time);
      return `${order.get(at)}${ageClass(now - at)}`;
    })
    .replaceAll(COMMIT, (commit) => {
      if (!commits.has(commit)) commits.set(commit, commits.size);
      return `c${commits.get(commit)}`;
    });
}

/** Ages at which something may be decided otherwise, in seconds. */
const AGES = [0, 5, 15, 30, 60, 300, 600, 3600, 86_400, 604_800];

function ageClass(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return String.fromCharCode(97 + AGES.filter((age) => seconds >= age).length);
}

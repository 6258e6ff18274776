import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';

/**
 * What the committed CustomResourceDefinition says of a value, found with nothing of the program's own: its
 * OpenAPI schema and the patterns of its CEL rules by ajv, the rest of CEL in JavaScript here.
 */
export interface Oracle {
  /** Why the API server would refuse this spec; undefined when it would not. */
  refusesSpec(spec: unknown): string | undefined;
  refusesStatus(status: unknown): string | undefined;
}

type Node = { readonly [key: string]: unknown };

const CRD = join(import.meta.dir, '../../manifests/crd/pipelines.yaml');

/** CEL that `refusesByRule` says in JavaScript. A new one needs a line here and code there. */
const KNOWN_RULES: readonly string[] = [
  'has(self.spec) || (oldSelf.hasValue() && !has(oldSelf.value().spec))',
  'self.all(one, !has(one.name) || self.exists_one(other, has(other.name) && other.name == one.name))',
  'self.filter(one, !has(one.path)).size() < 2',
  '!has(self.revision) || !has(self.artifacts)',
  'self.size() > 0',
  'self.all(target, self.exists_one(other, other == target))',
  '(has(self.pull__dash__request) ? 1 : 0) + (has(self.push) ? 1 : 0) + (has(self.notification) ? 1 : 0) > 0',
  '!has(self.from) || !has(self.to) || self.from != self.to',
  '!self.matches("^([0-9]{1,5}(\\\\.[0-9]{1,6})?h|[0-9]{1,7}(\\\\.[0-9]{1,6})?(m|s|ms))+$") || self == "" || duration(self) == duration("0s") || (duration(self) >= duration("1s") && duration(self) <= duration("720h"))',
  '(has(self.type) && self.type == "Deny") || (has(self.from) && has(self.to))',
  '!(has(self.type) && self.type == "Deny") || has(self.from) == has(self.to)',
  '!(has(self.type) && self.type == "Deny") || has(self.from) || has(self.to) || has(self.days) || has(self.start) || has(self.end)',
  '!has(self.approvals) || !has(self.manual) || self.manual',
  '!has(self.promotion) || !(has(self.gates) || has(self.manual) || has(self.approvals))',
  'self.size() == 0 || !(has(self[0].gates) || has(self[0].manual) || has(self[0].approvals))',
  'has(self.promotion) || !has(self.environments) || !self.environments.exists(one, has(one.gates) || has(one.manual) || has(one.approvals))',
  '(has(self.pull__dash__request) ? 1 : 0) + (has(self.push) ? 1 : 0) + (has(self.notification) ? 1 : 0) < 2',
];

export async function createOracle(): Promise<Oracle> {
  const definition = parse(await Bun.file(CRD).text());
  const { properties } = definition.spec.versions[0].schema.openAPIV3Schema;
  const ajv = new Ajv({ strict: false, unicodeRegExp: false, formats: { 'date-time': isTime, int64: true } });
  const spec = ajv.compile(plainSchema(properties.spec));
  const status = ajv.compile(plainSchema(properties.status));
  return {
    refusesSpec: (value) => refusal(spec, value) ?? refusesByRule(value as Spec),
    refusesStatus: (value) => refusal(status, value),
  };
}

function refusal(validate: ValidateFunction, value: unknown): string | undefined {
  if (validate(value)) return undefined;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath ?? ''} ${error?.message ?? 'is refused'}`;
}

/** RFC 3339, as `kubectl` and Go read it. */
function isTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text);
}

/** Kubernetes' extensions are taken out; CEL that compares with a pattern becomes that pattern. */
function plainSchema(node: Node): Node {
  const entries = Object.entries(node).filter(([key]) => !key.startsWith('x-kubernetes-'));
  const plain = Object.fromEntries(
    entries.map(([key, value]) => [key, isNode(value) ? plainSchema(value) : value]),
  );
  const rules = (node['x-kubernetes-validations'] ?? []) as { rule: string }[];
  const patterns = rules.flatMap(({ rule }) => patternOf(rule));
  return patterns.length > 0 ? { ...plain, allOf: patterns } : plain;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function patternOf(rule: string): Node[] {
  if (KNOWN_RULES.includes(rule)) return [];
  const form = /^(?:!has\(self\.\w+\) \|\| )?(!?)self(?:\.(\w+))?\.matches\((".*")\)$/;
  const [, not, field, literal] = form.exec(rule) ?? [];
  if (literal === undefined)
    throw new Error(`The oracle does not know the rule ${rule}: add it to oracle.ts.`);
  const pattern = { pattern: JSON.parse(literal) as string };
  const wanted = not ? { not: pattern } : pattern;
  return [field ? { properties: { [field]: wanted } } : wanted];
}

interface Strategy {
  readonly 'pull-request'?: { readonly url: string };
  readonly push?: { readonly url: string };
  readonly notification?: unknown;
}

interface Window {
  readonly type?: string;
  readonly days?: unknown;
  readonly from?: string;
  readonly to?: string;
  readonly start?: string;
  readonly end?: string;
}

interface OnTop {
  readonly gates?: { readonly soak?: string; readonly windows?: readonly Window[] };
  readonly manual?: boolean;
  readonly approvals?: unknown;
}

interface Promotion extends OnTop {
  readonly strategy: Strategy;
}

interface Spec {
  readonly revision?: unknown;
  readonly artifacts?: readonly { readonly name: string; readonly path?: string }[];
  readonly environments: readonly Environment[];
  readonly promotion?: Promotion;
}

interface Environment extends OnTop {
  readonly name: string;
  readonly targets: readonly Target[];
  readonly promotion?: Promotion;
}

interface Target {
  readonly namespace: string;
  readonly clusterRef?: { apiVersion?: string; kind: string; name: string; namespace?: string };
}

function refusesByRule(spec: Spec): string | undefined {
  const { environments, promotion, artifacts = [] } = spec;
  if (spec.revision && spec.artifacts) return 'there are both a revision and artifacts';
  if (hasTwice(artifacts.map(({ name }) => name))) return 'two artifacts have one name';
  if (artifacts.filter(({ path }) => path === undefined).length > 1) return 'two artifacts have no path';
  if (hasTwice(environments.map(({ name }) => name))) return 'two environments have one name';
  for (const { targets } of environments) {
    if (targets.length === 0) return 'an environment has no target';
    if (hasTwice(targets.map(targetText))) return 'a target is written twice';
  }
  const promotions = [promotion, ...environments.map((environment) => environment.promotion)];
  const refused = firstRefusal(
    promotions.filter((one) => one !== undefined),
    (one) => refusesStrategy(one.strategy) ?? refusesOnTop(one),
  );
  if (refused) return refused;
  const [first, ...others] = environments;
  if (first && isOnTop(first)) return 'nothing is promoted into the first environment';
  return firstRefusal(others, (environment) => refusesEnvironment(environment, promotion));
}

function refusesEnvironment(environment: Environment, below: Promotion | undefined): string | undefined {
  if (!isOnTop(environment)) return undefined;
  if (environment.promotion || !below) return 'there is nothing below, or a promotion beside it';
  return refusesOnTop(environment);
}

function firstRefusal<T>(all: readonly T[], refuses: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const refused = refuses(one);
    if (refused) return refused;
  }
  return undefined;
}

function isOnTop({ gates, manual, approvals }: OnTop): boolean {
  return gates !== undefined || manual !== undefined || approvals !== undefined;
}

function refusesOnTop({ gates, manual, approvals }: OnTop): string | undefined {
  if (approvals !== undefined && manual === false) return 'approvals are manual';
  return gates && refusesGates(gates);
}

function refusesWindow({ type, days, from, to, start, end }: Window): string | undefined {
  const [hasFrom, hasTo] = [from !== undefined, to !== undefined];
  if (hasFrom && from === to) return 'a window is empty';
  if (type !== 'Deny') return hasFrom && hasTo ? undefined : 'an Allow window has no hours';
  if (hasFrom !== hasTo) return 'a window has half of its hours';
  const isEndless = [from, days, start, end].every((one) => one === undefined);
  return isEndless ? 'a window never ends' : undefined;
}

function refusesGates({ soak, windows = [] }: NonNullable<Promotion['gates']>): string | undefined {
  const refused = firstRefusal(windows, refusesWindow);
  if (refused) return refused;
  if (soak === undefined) return undefined;
  const units = { h: 3600, m: 60, s: 1, ms: 0.001 };
  const parts = [...soak.matchAll(/([\d.]+)(h|ms|m|s)/g)];
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit as 'h'], 0);
  return (seconds > 0 && seconds < 1) || seconds > 720 * 3600
    ? 'the soak is too short or too long'
    : undefined;
}

function refusesStrategy({ 'pull-request': pullRequest, push, notification }: Strategy): string | undefined {
  const named = [pullRequest, push, notification].filter((one) => one !== undefined);
  if (named.length !== 1) return 'not exactly one strategy';
  const repository = pullRequest ?? push;
  if (!repository) return undefined;
  if (!URL.canParse(repository.url)) return 'the URL is none';
  const { protocol, username, password } = new URL(repository.url);
  if (!['http:', 'https:', 'ssh:'].includes(protocol)) return 'the URL has another scheme';
  if (password !== '' || (username !== '' && protocol !== 'ssh:')) return 'the URL holds credentials';
  return undefined;
}

/** Fields that the schema does not know are pruned before CEL sees a target. */
function targetText({ namespace, clusterRef: ref }: Target): string {
  return JSON.stringify([namespace, ref?.apiVersion, ref?.kind, ref?.name, ref?.namespace]);
}

function hasTwice(texts: readonly string[]): boolean {
  return new Set(texts).size < texts.length;
}

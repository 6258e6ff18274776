import type { Gates } from '../../api/pipeline.ts';
import { isComparable, membersOf, shortRevision, shownRevision } from '../../decide/model/revision.ts';
import { TEMPLATE_NAMES } from '../../decide/validation.ts';
import type { HiddenBy } from '../../lib/forges/index.ts';
import {
  code,
  cut,
  harmless,
  oneLine,
  parseTemplate,
  renderTemplate,
  withoutCommands,
} from '../../lib/text/index.ts';
import type { FileChange } from '../branch/port.ts';
import type { PromotionRequest } from '../strategy.ts';
import { gateWords } from './gate-words.ts';
import { CLOSING_LENGTH, ownerName, ownerNote } from './names.ts';

/** Templates of the spec; where there is none, the text is ours. */
export interface Templates {
  readonly title?: string | undefined;
  readonly body?: string | undefined;
  readonly commit?: string | undefined;
}

export interface BodyOptions {
  readonly templates?: Templates | undefined;
  /** Page that compares the two branches. */
  readonly compareUrl?: string;
  /** In characters; forges take 60,000 at least, but for those that say less. */
  readonly maxLength?: number | undefined;
  readonly hiddenBy?: HiddenBy | undefined;
}

/** Forges take titles of up to 255 characters, some with the mark of a draft: `Draft: ` on GitLab. */
const MAX_TITLE = 248;
const MAX_BODY = 60_000;
const MAX_COMMIT = 8_000;
const MAX_CHANGES = 50;
const MAX_PROBLEMS = 20;

/** The title of the pull request and of the commit. */
export function promotionTitle(request: PromotionRequest, { title }: Templates = {}): string {
  const { pipeline, environment, revision } = request;
  const ours = `Promote ${pipeline.namespace}/${pipeline.name} in ${environment} to ${inTitle(revision)}`;
  const theirs = title && oneLine(fill('title', title, titleValuesOf(request)));
  return cut(theirs || ours, MAX_TITLE);
}

/** In short; the brackets, and what stands between artifacts, are ours. */
function inTitle(revision: string): string {
  const members = membersOf(revision);
  if (members) return members.map((one) => `${harmless(one.artifact)} ${inTitle(one.revision)}`).join(', ');
  const { name, digest } = shownRevision(revision);
  return digest === undefined ? harmless(name) : `${harmless(name)} (${harmless(digest)})`;
}

function titleValuesOf(request: PromotionRequest): Record<string, string> {
  const { revision, runs } = request;
  const from = runs === undefined ? {} : { from: cut(inTitle(runs), MAX_TITLE) };
  return { ...valuesOf(request), revision: cut(inTitle(revision), MAX_TITLE), ...from };
}

/** The commit's message, and whose it is for those who read the log later. */
export function commitMessage(request: PromotionRequest, templates: Templates = {}): string {
  const { commit } = templates;
  const text = commit && cut(fill('commit', commit, valuesOf(request)).trim(), MAX_COMMIT);
  return `${text || promotionTitle(request, templates)}\n\nTurnpike-Pipeline: ${ownerName(request)}\n`;
}

/** The pull request's text, in Markdown; never longer than the forge takes, with the line that closes it. */
export function promotionBody(
  request: PromotionRequest,
  changes: readonly FileChange[],
  problems: readonly string[],
  { templates, compareUrl = '', maxLength = MAX_BODY, hiddenBy }: BodyOptions = {},
): string {
  const note = ownerNote(request, hiddenBy);
  const summary = summaryTable(request, compareUrl);
  const changed = changeList(changes);
  const rollback = rollbackHint(request);
  const ours = [summary, changed, ...(problems.length > 0 ? [problemList(problems)] : []), rollback].join(
    '\n\n',
  );
  const parts = { summary, changes: changed, rollback, compare: compareUrl, gates: gateWords(request.gates) };
  const theirs = templates?.body && fill('body', templates.body, { ...valuesOf(request), ...parts });
  const text = withoutCommands(theirs || ours);
  return `${cutLines(text, maxLength - CLOSING_LENGTH - note.length - 2)}\n\n${note}`;
}

/** A template that admission would refuse counts as none: the text is ours then. */
function fill(kind: keyof typeof TEMPLATE_NAMES, text: string, values: Record<string, string>): string {
  const parsed = parseTemplate(text, TEMPLATE_NAMES[kind]);
  return 'problem' in parsed ? '' : renderTemplate(parsed.template, values);
}

function valuesOf(request: PromotionRequest): Record<string, string> {
  const { pipeline, application, source } = request;
  const values = {
    namespace: pipeline.namespace,
    pipeline: pipeline.name,
    environment: request.environment,
    revision: request.revision,
    from: request.runs ?? '',
    kind: application.kind,
    application: application.name,
    source: source.environment,
    deployedAt: source.deployedAt ?? '',
    approvedBy: request.approvedBy ?? '',
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, cut(harmless(value), MAX_TITLE)]),
  );
}

/** Whole lines, as many as there is room for. */
function cutLines(text: string, length: number): string {
  if (text.length <= length) return text;
  const more = '\n- …';
  return text.slice(0, text.lastIndexOf('\n', length - more.length)) + more;
}

function summaryTable(request: PromotionRequest, compareUrl: string): string {
  const { application, source, pipeline } = request;
  const healthy = `${code(source.environment)}${source.deployedAt ? ` since ${code(source.deployedAt)}` : ''}`;
  const rows = [
    ['Application', `${code(application.kind)} ${code(application.name)}`],
    ['Environment', code(request.environment)],
    ['From', request.runs ? code(shortRevision(request.runs)) : 'unknown'],
    ['To', code(shortRevision(request.revision))],
    ...orderRow(request),
    ...(source.environment ? [['Healthy in', healthy]] : []),
    ...(source.message ? [['Message', code(source.message)]] : []),
    ...gateRow(request.gates),
    ...(request.approvedBy ? [['Approved by', code(request.approvedBy)]] : []),
    ['Pipeline', code(`${pipeline.namespace}/${pipeline.name}`)],
    ...(compareUrl
      ? [['Changes', `[compare](${compareUrl.replaceAll('(', '%28').replaceAll(')', '%29')})`]]
      : []),
  ];
  const lines = rows.map(([name, value]) => `| ${name} | ${value} |`);
  return ['| Promotion | |', '|---|---|', ...lines].join('\n');
}

/** A downgrade is not promoted automatically; where it cannot be told, the reviewer reads so. */
function orderRow({ runs, revision }: PromotionRequest): string[][] {
  if (runs === undefined || isComparable(runs, revision)) return [];
  return [['Order', 'not known: without a version in both, it is not clear which one is newer']];
}

function gateRow(gates: Gates | undefined): string[][] {
  const words = gateWords(gates);
  return words === '' ? [] : [['Gates passed', words]];
}

function rollbackHint({ environment, runs }: PromotionRequest): string {
  const back = runs ? `runs ${code(shortRevision(runs))} again` : 'runs what it ran before';
  return `To roll back after the merge, revert it: ${code(environment)} ${back}, and stays there until another revision comes.`;
}

function changeList(changes: readonly FileChange[]): string {
  const lines = changes.slice(0, MAX_CHANGES).map(({ file, line, from, to }) => {
    return `- ${code(file)}, line ${line}: ${code(from)} → ${code(to)}`;
  });
  const more = changes.length - lines.length;
  return ['Changed:', '', ...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n');
}

function problemList(problems: readonly string[]): string {
  const lines = problems.slice(0, MAX_PROBLEMS).map((problem) => `- ${code(problem)}`);
  const more = problems.length - lines.length;
  return ['Left out, or to be checked:', '', ...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join(
    '\n',
  );
}

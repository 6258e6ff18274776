import { promotionBranch as branchOf } from '../decide/validate/branch.ts';
import type { PromotionRequest } from './strategy.ts';
import type { FileChange } from './workspace.ts';

interface PipelineEnvironment {
  readonly pipeline: { readonly namespace: string; readonly name: string };
  readonly environment: string;
}

/** Forges take titles of up to 255 characters. */
const MAX_TITLE = 250;
const MAX_BODY = 60_000;
const MAX_VALUE = 256;
const MAX_CHANGES = 50;
const MAX_PROBLEMS = 20;
const OWNER = /^<!-- turnpike pipeline=(\S+) -->\s*$/m;
/** The predecessor's note of whose pull request it is. */
const PREDECESSOR_OWNER = /^!!! DO NOT EDIT !!!\s+([^\s/<]+\/[^\s/<]+\/[^\s/<]+)\s*$/m;

/** `namespace/name/environment`: whose pull request it is. */
export function ownerName({ pipeline, environment }: PipelineEnvironment): string {
  return `${pipeline.namespace}/${pipeline.name}/${environment}`;
}

/** The predecessor's name of the branch. It is not unique: `a-b` and `c` give the same as `a` and `b-c`. */
export function promotionBranch({ pipeline, environment }: PipelineEnvironment): string {
  return branchOf(pipeline.namespace, pipeline.name, environment);
}

/** The value of the marker `{"$promotion": "…"}`. */
export function markerKey({ pipeline, environment }: PipelineEnvironment): string {
  return `${pipeline.namespace}:${pipeline.name}:${environment}`;
}

/**
 * The title of the pull request and of the commit. Forges read titles and commits too: a revision that could
 * close an issue or call a user there is shown with underscores.
 */
export function promotionTitle(request: PromotionRequest): string {
  const { pipeline, environment, revision } = request;
  const shown = oneLine(revision)
    .replace(/[^A-Za-z0-9._+\-@:/~^=]/g, '_')
    .replace(/(?<![A-Za-z0-9])@/g, '_');
  return cut(`Promote ${pipeline.namespace}/${pipeline.name} in ${environment} to ${shown}`, MAX_TITLE);
}

/** The commit's message: the title, and whose it is for those who read the log later. */
export function commitMessage(request: PromotionRequest): string {
  return `${promotionTitle(request)}\n\nTurnpike-Pipeline: ${ownerName(request)}\n`;
}

/** The pull request's text, in Markdown; never longer than 60,000 characters, or than the forge takes. */
export function promotionBody(
  request: PromotionRequest,
  changes: readonly FileChange[],
  problems: readonly string[],
  maxLength = MAX_BODY,
): string {
  const note = ownerNote(request);
  const said = [
    summaryTable(request),
    changeList(changes),
    ...(problems.length > 0 ? [problemList(problems)] : []),
  ].join('\n\n');
  return `${cutLines(said, maxLength - note.length - 2)}\n\n${note}`;
}

/** Whole lines, as many as there is room for. */
function cutLines(text: string, length: number): string {
  if (text.length <= length) return text;
  const more = '\n- …';
  return text.slice(0, text.lastIndexOf('\n', length - more.length)) + more;
}

/** Whose pull request a body belongs to, `namespace/name/environment`, or undefined when it does not say. */
export function ownerOf(body: string): string | undefined {
  return (OWNER.exec(body) ?? PREDECESSOR_OWNER.exec(body))?.[1];
}

function summaryTable(request: PromotionRequest): string {
  const { application, source, pipeline } = request;
  const deployed = `${code(source.environment)}${source.deployedAt ? ` at ${code(source.deployedAt)}` : ''}`;
  const rows = [
    ['Application', `${code(application.kind)} ${code(application.name)}`],
    ['Environment', code(request.environment)],
    ['From', request.runs ? code(request.runs) : 'unknown'],
    ['To', code(request.revision)],
    ...(source.environment ? [['Deployed in', deployed]] : []),
    ...(source.message ? [['Message', code(source.message)]] : []),
    ...(request.approvedBy ? [['Approved by', code(request.approvedBy)]] : []),
    ['Pipeline', code(`${pipeline.namespace}/${pipeline.name}`)],
  ];
  const lines = rows.map(([name, value]) => `| ${name} | ${value} |`);
  return ['| Promotion | |', '|---|---|', ...lines].join('\n');
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
  return ['Left out:', '', ...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n');
}

/** A hidden line for us, and the predecessor's note, which its user interface looks for. */
function ownerNote(request: PromotionRequest): string {
  const owner = ownerName(request);
  return [
    `<!-- turnpike pipeline=${owner} -->`,
    '<details>',
    '<summary>metadata</summary>',
    '!!! DO NOT EDIT !!!',
    '',
    owner,
    '</details>',
  ].join('\n');
}

/**
 * Text from outside as a code span: forges look for no mentions, references, links or HTML in it. The two
 * characters that could end the span or a table's cell are shown by others that look alike; escapes for them
 * differ from renderer to renderer.
 */
function code(text: string): string {
  const shown = cut(oneLine(text), MAX_VALUE).replaceAll('`', 'ˋ').replaceAll('|', '¦');
  return shown === '' ? '–' : `\`${shown}\``;
}

/** Without line ends, control characters, and characters that are not seen or that turn the text around. */
function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : text;
}

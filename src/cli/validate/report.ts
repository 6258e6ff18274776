import { problemText } from '../../decide/validation.ts';
import { escapeControlsInLines, maskControls } from '../../lib/text/index.ts';
import type { Collected } from './collect.ts';
import type { Problem } from './problem.ts';

export interface Report {
  readonly out: string;
  readonly err: string;
}

/** The findings of a run of the command. */
export interface Result {
  readonly paths: readonly string[];
  readonly collected: Collected;
  readonly problems: readonly Problem[];
}

export function textReport(result: Result): Report {
  const lines = (severity: Problem['severity']) =>
    result.problems.filter((problem) => problem.severity === severity).map(problemLine);
  const err = [...lines('warning'), ...notes(result)];
  return { out: joined(lines('error')), err: joined(err) };
}

export function jsonReport(result: Result): Report {
  const { collected, problems } = result;
  const { errors, warnings } = counts(problems);
  const object = {
    pipelines: collected.pipelines.length,
    errors,
    warnings,
    problems: problems.map(jsonProblem),
  };
  return { out: `${escapeControlsInLines(JSON.stringify(object, null, 2))}\n`, err: joined(notes(result)) };
}

/** In the order that the documentation gives. */
function jsonProblem({ severity, path, line, column, pipeline, rule, field, value, message }: Problem) {
  return { severity, path, line, column, pipeline, rule, field, value, message };
}

export function counts(problems: readonly Problem[]) {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: problems.length - errors };
}

function problemLine({ severity, path, line, column, field, value, message }: Problem): string {
  const place = `${path}:${line}:${column}:`;
  const text = problemText({ rule: 'type', field: '', message, ...(value !== undefined && { value }) });
  return [place, severity === 'warning' && 'warning:', field && `${field}:`, text].filter(Boolean).join(' ');
}

function notes({ paths, collected, problems }: Result): string[] {
  const { pipelines, patches } = collected;
  const { errors, warnings } = counts(problems);
  const skipped = patches > 0 ? [`${plural(patches, 'patch', 'patches')} skipped.`] : [];
  const where = isOnlyInput(paths) ? 'standard input' : plural(collected.paths.length, 'file');
  const found = `${plural(pipelines.length, 'Pipeline')} in ${where}`;
  const subject = pipelines.length > 0 ? found : `No Pipeline found in ${shortList(paths)}`;
  if (pipelines.length === 0 && problems.length === 0) return [...skipped, `${subject}.`];
  return [...skipped, `${subject}: ${plural(errors, 'error')}, ${plural(warnings, 'warning')}.`];
}

function isOnlyInput([first, ...more]: readonly string[]): boolean {
  return first === '-' && more.length === 0;
}

function shortList(paths: readonly string[]): string {
  const names = paths.slice(0, 3).map((path) => (path === '-' ? 'standard input' : path));
  const more = paths.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Names of files may hold anything, and what is printed is read by terminals and line by line. */
function joined(lines: readonly string[]): string {
  return lines.map((line) => `${maskControls(line)}\n`).join('');
}

import type { Gates, PipelineSpec, Window } from '../../api/pipeline.ts';
import { isTimeZone } from '../gates/clock.ts';
import { parseVersionRange } from '../gates/version-range.ts';
import { boundsProblem, isMoment } from '../gates/windows.ts';
import type { FieldProblem } from './problem.ts';

/** Checks what the schema cannot: time zones that exist, ranges that can be parsed, artifacts of the Pipeline. */
export function gateProblems(
  { windows = [], versions, artifactVersions = [] }: Gates,
  field: string,
  artifacts: PipelineSpec['artifacts'],
): FieldProblem[] {
  const names = artifacts?.map(({ name }) => name);
  return [
    ...windows.flatMap((window, index) => windowProblems(window, `${field}.windows[${index}]`)),
    ...rangeProblems(versions, `${field}.versions`),
    ...artifactVersions.flatMap((one, index) => {
      const where = `${field}.artifactVersions[${index}]`;
      const first = artifactVersions.findIndex(({ name }) => name === one.name);
      return [
        ...nameProblems(one.name, `${where}.name`, names),
        ...(first < index ? [twice(one.name, `${where}.name`, `${field}.artifactVersions[${first}]`)] : []),
        ...rangeProblems(one.versions, `${where}.versions`),
      ];
    }),
  ];
}

function windowProblems(window: Window, field: string): FieldProblem[] {
  const days = (['start', 'end'] as const).flatMap((name) => dayProblems(window[name], `${field}.${name}`));
  const order = boundsProblem(window);
  return [
    ...zoneProblems(window.timeZone, `${field}.timeZone`),
    ...days,
    ...(order === undefined
      ? []
      : [{ rule: 'gate-window' as const, field: `${field}.end`, scope: field, message: order }]),
  ];
}

/** A date without quotes is a time to YAML, and kustomize writes it as one: the last day would be missing. */
export function gateWarnings({ windows = [] }: Gates, field: string): FieldProblem[] {
  return windows.flatMap((window, index) =>
    (['start', 'end'] as const).flatMap((name): FieldProblem[] => {
      const value = window[name];
      if (value === undefined || !value.endsWith('T00:00:00Z')) return [];
      const message = `This is midnight in UTC, to which kustomize converts a date without quotes: for the whole day write "${value.slice(0, 10)}" in quotes.`;
      return [{ rule: 'gate-window', field: `${field}.windows[${index}].${name}`, value, message }];
    }),
  );
}

function dayProblems(value: string | undefined, field: string): FieldProblem[] {
  if (value === undefined || isMoment(value)) return [];
  return [{ rule: 'gate-window', field, value, message: 'This day does not exist: correct the date.' }];
}

function zoneProblems(timeZone: string | undefined, field: string): FieldProblem[] {
  if (timeZone === undefined || isTimeZone(timeZone)) return [];
  const message =
    'This time zone does not exist: write a name of the IANA database, such as Europe/Berlin or UTC.';
  return [{ rule: 'gate-window', field, value: timeZone, message }];
}

function rangeProblems(versions: string | undefined, field: string): FieldProblem[] {
  if (versions === undefined || parseVersionRange(versions)) return [];
  const message =
    'This is not a range of semantic versions: write it as npm or Flux does, such as "~1.4", ">=1.2.0 <2" or ">=1.2.0, <2.0.0".';
  return [{ rule: 'gate-versions', field, value: versions, message }];
}

function nameProblems(name: string, field: string, names: readonly string[] | undefined): FieldProblem[] {
  if (names?.includes(name)) return [];
  const message = names
    ? `This artifact does not exist: write ${names.join(' or ')}.`
    : 'The Pipeline has no artifacts: write versions in place of artifactVersions.';
  return [{ rule: 'gate-versions', field, value: name, message }];
}

function twice(name: string, field: string, first: string): FieldProblem {
  const message = `${first} is already for ${name}: write one range for each artifact.`;
  return { rule: 'gate-versions', field, message };
}

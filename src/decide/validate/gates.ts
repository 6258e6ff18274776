import { validRange } from 'semver';
import type { Gates, PipelineSpec } from '../../api/pipeline.ts';
import { isTimeZone } from '../windows.ts';
import type { FieldProblem } from './problem.ts';

/** What the schema cannot say of gates: time zones that there are, ranges that can be read, artifacts of the Pipeline. */
export function gateProblems(
  { windows = [], versions, artifactVersions = [] }: Gates,
  field: string,
  artifacts: PipelineSpec['artifacts'],
): FieldProblem[] {
  const names = artifacts?.map(({ name }) => name);
  return [
    ...windows.flatMap(({ timeZone }, index) =>
      zoneProblems(timeZone, `${field}.windows[${index}].timeZone`),
    ),
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

function zoneProblems(timeZone: string | undefined, field: string): FieldProblem[] {
  if (timeZone === undefined || isTimeZone(timeZone)) return [];
  const message =
    'There is no such time zone: write a name of the IANA database, such as Europe/Berlin or UTC.';
  return [{ rule: 'gate-window', field, value: timeZone, message }];
}

function rangeProblems(versions: string | undefined, field: string): FieldProblem[] {
  if (versions === undefined || validRange(versions) !== null) return [];
  const message =
    'This is no range of semantic versions: write it as npm does, such as "~1.4" or ">=1.2.0 <2".';
  return [{ rule: 'gate-versions', field, value: versions, message }];
}

function nameProblems(name: string, field: string, names: readonly string[] | undefined): FieldProblem[] {
  if (names?.includes(name)) return [];
  const message = names
    ? `There is no such artifact: write ${names.join(' or ')}.`
    : 'The Pipeline has no artifacts: write versions in place of artifactVersions.';
  return [{ rule: 'gate-versions', field, value: name, message }];
}

function twice(name: string, field: string, first: string): FieldProblem {
  const message = `${first} is about ${name} already: write one range for each artifact.`;
  return { rule: 'gate-versions', field, message };
}

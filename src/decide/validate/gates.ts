import { validRange } from 'semver';
import type { Gates } from '../../api/pipeline.ts';
import { isTimeZone } from '../windows.ts';
import type { FieldProblem } from './problem.ts';

/** What the schema cannot say of gates: time zones that there are, and ranges that can be read. */
export function gateProblems(gates: Gates | undefined, field: string): FieldProblem[] {
  const zones = (gates?.windows ?? []).flatMap(({ timeZone }, index): FieldProblem[] => {
    if (timeZone === undefined || isTimeZone(timeZone)) return [];
    const message =
      'There is no such time zone: write a name of the IANA database, such as Europe/Berlin or UTC.';
    return [{ rule: 'gate-window', field: `${field}.windows[${index}].timeZone`, value: timeZone, message }];
  });
  const { versions } = gates ?? {};
  if (versions === undefined || validRange(versions) !== null) return zones;
  const message =
    'This is no range of semantic versions: write it as npm does, such as "~1.4" or ">=1.2.0 <2".';
  return [...zones, { rule: 'gate-versions', field: `${field}.versions`, value: versions, message }];
}

import { percentile } from '../../../bench/table.ts';
import { createColumns } from '../../../src/cli/columns.ts';
import { type Compared, nameOf } from './goals.ts';
import type { Trial } from './trial.ts';

const HEAD = [
  'acts',
  'reached',
  'peak MiB',
  'block ms',
  'lag ms',
  'median / p90 s',
  'without',
  'promoted',
  'lost',
  'not admitted',
  'leases lost',
  'ended',
];

/** A line for each trial, with the times of the one without its acts. */
export function table(compared: readonly Compared[]): string {
  return createColumns()([HEAD, ...compared.map(row)]).join('\n');
}

function row({ trial, without }: Compared): string[] {
  const { acts, peak, blocks, seconds, lost, reviews, leasesLost, endings } = trial;
  return [
    nameOf(trial),
    acts.map(({ reached }) => reached).join(' + '),
    peak.toFixed(0),
    `${blocks.busy}`,
    blocks.lag.toFixed(0),
    timesOf(trial),
    timesOf(without),
    ...[seconds, lost].map(({ length }) => String(length)),
    `${reviews.refused.length} of ${reviews.asked}`,
    String(leasesLost),
    String(endings.length),
  ];
}

function timesOf({ seconds }: Trial): string {
  return [0.5, 0.9].map((part) => percentile(seconds, part).toFixed(2)).join(' / ');
}

import { createColumns } from '../../src/cli/columns.ts';
import type { Report } from './family.ts';

/** A replica that holds more at the end than when a fifth was done, by more than this, leaks. */
const MEMORY_GROWTH = 1.5;
const MEMORY_SLACK_MIB = 48;

const HEAD = ['family', 'promotions', 'overtaken', 'rejected', 'lost', 'doubled', 'wrong', 'two leaders'];
const REST = ['leads', 'seconds', 'slowest', 'MiB at 20 %', 'MiB at the end'];

/** All families in one table, and below it how often each fault was injected. */
export function table(reports: readonly Report[]): string {
  const rows = [[...HEAD, ...REST], ...reports.map(row)];
  const lines = createColumns()(rows);
  const faults = reports.map(({ family, faults }) => {
    const counts = [...faults]
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
    return `Faults in ${family}: ${counts}.`;
  });
  const locks = reports.flatMap(({ family, locks }) =>
    locks > 0 ? [`Locks of Gitea's own that its administrator removed in ${family}: ${locks}.`] : [],
  );
  return [...lines, '', ...faults, ...locks].join('\n');
}

function row(report: Report): string[] {
  const { outcome, memory } = report;
  const numbers = [
    report.promotions,
    outcome.overtaken,
    outcome.rejected,
    outcome.lost.length,
    report.doubled.length,
    report.wrong.length,
    report.twoLeaders.length,
    report.leads,
  ];
  return [
    report.family,
    ...numbers.map(String),
    report.seconds.toFixed(0),
    `${outcome.slowest.toFixed(1)} s`,
    memory.early.join(' '),
    memory.late.join(' '),
  ];
}

/** The failures, a line each; empty when all went well. */
export function failures(report: Report): string[] {
  const { family, outcome, doubled, wrong, twoLeaders, memory } = report;
  // The largest of each: a replica that was just killed starts small.
  const grown = Math.max(...memory.late) > Math.max(...memory.early) * MEMORY_GROWTH + MEMORY_SLACK_MIB;
  return [
    ...outcome.lost.map((what) => `${family}: lost: ${what}`),
    ...doubled.map((what) => `${family}: doubled: ${what}`),
    ...wrong.map((what) => `${family}: wrong: ${what}`),
    ...twoLeaders.map((what) => `${family}: two leaders: ${what}`),
    ...(grown
      ? [`${family}: memory grew from ${memory.early.join(' ')} to ${memory.late.join(' ')} MiB`]
      : []),
  ];
}

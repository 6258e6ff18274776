/** Figures of one benchmark: a description, the value with its unit, and the goal. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: string;
  readonly met?: boolean;
}

/** A table with columns that line up. */
export function formatTable(title: string, figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, goal = '', met }) => [
    name,
    formatNumber(value),
    unit,
    goal,
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]);
  const head = ['', 'measured', '', 'goal', ''];
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [`\n${title}`, line(head), ...rows.map(line)].join('\n');
}

function formatNumber(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Math.round(value * 10) / 10);
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value that this part of the values does not exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

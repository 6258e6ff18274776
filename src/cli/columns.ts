import { oneLine } from '../lib/text/index.ts';

/**
 * Rows as lines with aligned columns, two blanks between them. Nothing in a cell can move the cursor. Further
 * calls go on with the same columns, which only grow.
 */
export function createColumns(): (rows: readonly (readonly string[])[]) => string[] {
  const widths: number[] = [];
  return (rows) => {
    const clean = rows.map((row) => row.map(oneLine));
    for (const row of clean) {
      for (const [index, cell] of row.entries()) {
        widths[index] = Math.max(widths[index] ?? 0, Bun.stringWidth(cell));
      }
    }
    return clean.map((row) =>
      row
        .map((cell, index) => padded(cell, widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  };
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - Bun.stringWidth(cell)));
}

/** Time since `from` as kubectl writes it: 45s, 12m, 5h, 3d. Empty without a time. */
export function age(from: string | undefined, now: Date): string {
  if (from === undefined) return '';
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(from)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

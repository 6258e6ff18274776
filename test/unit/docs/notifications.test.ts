import { describe, expect, test } from 'bun:test';
import { EVENT_TYPES } from '../../../src/decide/report/transitions.ts';

async function rowsOf(page: string): Promise<Map<string, string>> {
  const text = await Bun.file(new URL(`../../../docs/${page}`, import.meta.url)).text();
  const rows = [...text.matchAll(/^\| `(\w+)` \| (Normal|Warning|info|error) \|/gm)];
  return new Map(rows.map(([, reason = '', kind = '']) => [reason, kind]));
}

describe('the reasons of Events', () => {
  const types = new Map([...Object.entries(EVENT_TYPES), ['Promote', 'Normal']]);

  test('stand in docs/status.md, all of them and no others', async () => {
    expect(await rowsOf('status.md')).toEqual(types);
  });

  test('stand in docs/notifications.md with their severity', async () => {
    const severities = [...types].map(
      ([reason, type]) => [reason, type === 'Warning' ? 'error' : 'info'] as const,
    );
    expect(await rowsOf('notifications.md')).toEqual(new Map(severities));
  });
});

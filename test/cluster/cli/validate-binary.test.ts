import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { buildTurnpike } from '../../../scripts/build.ts';
import {
  createFolder,
  type Folder,
  HOOK_SECRET,
  pipelineYaml,
  stream,
} from '../../fakes/validate-command.ts';

/** What only the program itself can show: its standard streams and its exit status. */

const MINUTE = 60_000;

let folder: Folder;
let program: string;

beforeAll(async () => {
  folder = createFolder();
  program = (await buildTurnpike()).output;
}, 2 * MINUTE);

afterAll(() => folder.remove());

async function run(script: string, input = ''): Promise<{ code: number; out: string; err: string }> {
  const child = Bun.spawn(['bash', '-c', script], {
    cwd: folder.path,
    env: { ...process.env, TURNPIKE: program },
    stdin: new TextEncoder().encode(input),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, out, err };
}

describe('dist/turnpike validate', () => {
  test(
    'reads pipes, as standard input and as files',
    async () => {
      const input = stream(pipelineYaml(), HOOK_SECRET);
      const fine = { code: 0, out: '', err: '1 Pipeline in standard input: 0 errors, 0 warnings.\n' };
      expect(await run('"$TURNPIKE" validate', input)).toEqual(fine);
      expect(await run('"$TURNPIKE" validate -f -', input)).toEqual(fine);
      expect((await run('"$TURNPIKE" validate <(cat)', input)).err).toBe(
        '1 Pipeline in 1 file: 0 errors, 0 warnings.\n',
      );
      expect((await run('"$TURNPIKE" validate -f nowhere')).code).toBe(1);
      expect((await run('"$TURNPIKE" validate --nonsense')).code).toBe(2);
    },
    MINUTE,
  );

  test(
    'writes all of a long answer to a slow reader, and stops quietly for one that goes away',
    async () => {
      const pipeline = (index: number) =>
        pipelineYaml({ 'name: podinfo': `name: p${index}`, 'name: dev': 'name: "?"' });
      const pipelines = Array.from({ length: 3000 }, (_, index) => pipeline(index));
      folder.write('many.yaml', stream(HOOK_SECRET, ...pipelines));
      const { out } = await run('"$TURNPIKE" validate -o json many.yaml | { sleep 1; cat; }');
      expect(JSON.parse(out)).toMatchObject({ pipelines: 3000, errors: 3000 });
      const { out: first, err } = await run('"$TURNPIKE" validate many.yaml | head -1');
      expect(first).toStartWith('many.yaml:20:7: spec.environments[0].name: "?": ');
      expect(err).toEndWith('3000 Pipelines in 1 file: 3000 errors, 0 warnings.\n');
    },
    2 * MINUTE,
  );

  test(
    'ends when it is asked to while it waits for its input',
    async () => {
      const child = Bun.spawn([program, 'validate'], { stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' });
      await Bun.sleep(1000);
      child.kill('SIGINT');
      expect(await child.exited).toBe(1);
    },
    MINUTE,
  );
});

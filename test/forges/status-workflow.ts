import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The workflow of docs/workflows, run as GitHub and Gitea do. */

const FILE = fileURLToPath(new URL('../../docs/workflows/turnpike-status.yaml', import.meta.url));

export interface Workflow {
  readonly on: Readonly<Record<string, { readonly types: readonly string[] }>>;
  readonly jobs: {
    readonly 'turnpike-status': {
      readonly permissions: Readonly<Record<string, string>>;
      readonly steps: readonly Step[];
    };
  };
}

interface Step {
  readonly env: Readonly<Record<string, string>>;
  readonly shell: string;
  readonly run: string;
  readonly uses?: string;
}

/** The values of expressions such as `${{ github.api_url }}`. */
export type Context = Readonly<Record<string, string>>;

export async function readWorkflow(): Promise<Workflow> {
  return parse(await Bun.file(FILE).text()) as Workflow;
}

/** The status that the script ends with, and what it writes. `changed`: variables that people set otherwise. */
export async function runWorkflow(
  context: Context,
  changed: Readonly<Record<string, string>> = {},
): Promise<{ status: number; output: string }> {
  const [step] = (await readWorkflow()).jobs['turnpike-status'].steps;
  if (!step) throw new Error('the workflow has no step');
  const env = Object.entries(step.env).map(([name, text]) => [name, evaluated(text, context)] as const);
  const child = Bun.spawn([step.shell, '-eo', 'pipefail', '-c', step.run], {
    env: { PATH: process.env.PATH, ...Object.fromEntries(env), ...changed },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [output, errors, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { status, output: output + errors };
}

/** A field that an event lacks is empty. */
function evaluated(text: string, context: Context): string {
  return text.replace(/\$\{\{ (\S+) \}\}/g, (_, name: string) => context[name] ?? '');
}

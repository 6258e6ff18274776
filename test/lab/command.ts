export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and collects what it wrote. Never blocks the event loop. */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = Bun.spawn([...argv], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, ...options.env },
    stdin: options.input === undefined ? 'ignore' : new Blob([options.input]),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** The same, but a failure throws with the command and the end of what it said. Returns its output. */
export async function runOrThrow(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.code === 0) return result.stdout;
  const said = lastLines(`${result.stdout}\n${result.stderr}`, 20);
  throw new Error(`"${argv.join(' ')}" failed with status ${result.code}:\n${said}`);
}

/** The last lines of a text, blank ones left out. */
export function lastLines(text: string, count: number): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createValidate } from '../../src/cli/validate/validate.ts';

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CommandOptions {
  /** Undefined is a terminal. */
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The command in this process, with standard input and environment of its own. */
export async function validate(
  args: readonly string[],
  { input, environment = {} }: CommandOptions = {},
): Promise<Run> {
  let [out, err] = ['', ''];
  const command = createValidate({
    isTerminal: () => input === undefined,
    async *read() {
      yield typeof input === 'string' ? new TextEncoder().encode(input) : (input ?? new Uint8Array());
    },
  });
  const io = {
    environment,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    signal: new AbortController().signal,
  };
  const code = await command.run(args, io);
  return { code, out, err };
}

/** The lines on standard output for this text on standard input. */
export async function errorsOf(input: string | Uint8Array): Promise<string[]> {
  return lines((await validate(['-'], { input })).out);
}

/** The same for the warnings; the summary is left out. */
export async function warningsOf(input: string): Promise<string[]> {
  return lines((await validate(['-'], { input })).err).filter((line) => line.includes(': warning: '));
}

export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

export interface Folder {
  readonly path: string;
  write(name: string, content: string | Uint8Array): string;
  remove(): void;
}

export function createFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'turnpike-validate-'));
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** A Pipeline without faults or warnings of its own; `changes` are replaced in its text. */
export function pipelineYaml(changes: Readonly<Record<string, string>> = {}): string {
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`There is no ${JSON.stringify(from)} to replace.`);
    return text.replace(from, () => to);
  }, PIPELINE);
}

const PIPELINE = `apiVersion: pipelines.weave.works/v1alpha1
kind: Pipeline
metadata:
  name: podinfo
  namespace: demo
spec:
  appRef:
    apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    name: podinfo
  environments:
    - name: dev
      targets:
        - namespace: podinfo-dev
    - name: prod
      targets:
        - namespace: podinfo-prod
  promotion:
    strategy:
      notification: {}
      secretRef:
        name: hook
`;

export const HOOK_SECRET = `apiVersion: v1
kind: Secret
metadata:
  name: hook
  namespace: demo
stringData:
  hmac-key: 0123456789abcdef0123456789abcdef
`;

/** Several documents as one stream. */
export function stream(...documents: readonly string[]): string {
  return documents.join('---\n');
}

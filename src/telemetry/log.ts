import { AsyncLocalStorage } from 'node:async_hooks';
import { type Logger as Pino, pino } from 'pino';
import type { Logger } from '../lib/logger.ts';
import { escapeControls, hasControls } from '../lib/text/index.ts';

/** Levels of `--log-level`; `trace` is the predecessor's and prints the same as `debug` does here. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that never reach the output, wherever someone puts them by mistake. */
const SECRET_FIELDS = [
  'authorization',
  'token',
  'bearerToken',
  'clientCertificate',
  'proxy',
  'password',
  'identity',
  'signing',
  'hmac-key',
  'approval-key',
  'webhook-secret',
  'cookie',
];

export interface LogOptions {
  readonly level: LogLevel;
  /** `json`: a line for machines; `console`: a line for people. */
  readonly encoding: 'json' | 'console';
  readonly write: (line: string) => void;
  readonly now: () => Date;
}

export function createLogger(options: LogOptions): Logger {
  const write =
    options.encoding === 'json' ? options.write : (line: string) => options.write(toConsole(line));
  const scopes = createScopes();
  const lines = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"ts":"${options.now().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '***' },
      errorKey: 'error',
      // pino lets the fields of the line win.
      mixin: () => ({ ...scopes.fields() }),
    },
    { write },
  );
  return toLogger(lines, scopes.run);
}

type Fields = Readonly<Record<string, unknown>>;

/** A watch that the work has opened, and that others use after it, keeps its context, but not its fields. */
function createScopes() {
  const scopes = new AsyncLocalStorage<{ fields: Fields | undefined }>();
  return {
    fields: () => scopes.getStore()?.fields,
    async run<T>(fields: Fields, work: () => Promise<T>): Promise<T> {
      const scope: { fields: Fields | undefined } = { fields };
      try {
        return await scopes.run(scope, work);
      } finally {
        scope.fields = undefined;
      }
    },
  };
}

function toLogger(lines: Pino, scope: Logger['scope']): Logger {
  return {
    debug: lines.debug.bind(lines),
    info: lines.info.bind(lines),
    warn: lines.warn.bind(lines),
    error: lines.error.bind(lines),
    child: (fields) => toLogger(lines.child(fields), scope),
    scope,
  };
}

/** `2026-11-21T10:00:00.000Z  info  listening  server=hook address=127.0.0.1:8082` */
function toConsole(line: string): string {
  const { ts, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const pairs = Object.entries(fields).map(([key, value]) => {
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    return `${key}=${/\s/.test(shown) || hasControls(shown) ? JSON.stringify(shown) : shown}`;
  });
  // Paths, names and messages come from others, and a person reads this at a terminal.
  return `${escapeControls([ts, String(level).padEnd(5), msg, ...pairs].join('  '))}\n`;
}

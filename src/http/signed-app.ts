import { Hono } from 'hono';
import { type ApprovalDeps, createApproval } from './approval.ts';
import { createFaultAnswer } from './fault.ts';
import { createForgeHook } from './forge.ts';
import { createHook, type HookDeps } from './hook.ts';
import { notFound } from './problem.ts';
import type { Bindings } from './server/source.ts';

/** All that listens on `--promotion-hook-bind-address`. */
export function createSignedApp(deps: HookDeps & ApprovalDeps): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.route('/', createHook(deps));
  app.route('/', createApproval(deps));
  app.route('/', createForgeHook(deps));
  app.get('/healthz', (c) => c.text('ok'));
  app.notFound(notFound);
  app.onError(createFaultAnswer('hook', deps.log));
  return app;
}

import { Hono } from 'hono';
import { errorMessage } from '../api/errors.ts';
import { type ApprovalDeps, createApproval } from './approval.ts';
import { createForgeHook } from './forge.ts';
import { createHook, type HookDeps } from './hook.ts';
import { notFound, problem } from './problem.ts';
import type { Bindings } from './signed.ts';

/** All that listens on `--promotion-hook-bind-address`. */
export function createSignedApp(deps: HookDeps & ApprovalDeps): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.route('/', createHook(deps));
  app.route('/', createApproval(deps));
  app.route('/', createForgeHook(deps));
  app.get('/healthz', (c) => c.text('ok'));
  app.notFound(notFound);
  app.onError((error) => {
    deps.log.error({ error: errorMessage(error) }, 'a request to the webhooks failed');
    return problem({ status: 500, title: 'Internal Server Error' });
  });
  return app;
}

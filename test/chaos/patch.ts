import type { Lab } from '../lab/lab.ts';
import { type App, pipelinesPath } from './fleet.ts';
import { persistently } from './persistently.ts';

/** Changes the application's Pipeline by a JSON merge patch, past the API server's being away. */
export async function patchPipeline(lab: Lab, app: App, patch: object): Promise<void> {
  await persistently(async () => {
    const answer = await fetch(`${lab.server}${pipelinesPath(app.namespace)}/${app.name}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify(patch),
      tls: { ca: lab.ca, cert: lab.admin.cert, key: lab.admin.key },
    });
    if (!answer.ok) throw new Error(await answer.text());
  });
}

import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { Gitea } from '../test/lab/gitea/forge.ts';
import { APP, CHARTS } from './names.ts';

/** Makes a Helm repository of the application's chart in these versions, and returns its URL. */
export async function publishChart(gitea: Gitea, versions: readonly string[]): Promise<string> {
  const archives = await Promise.all(
    versions.map(async (version) => ({ version, bytes: await chartArchive(version) })),
  );
  await gitea.createRepository(CHARTS, { 'README.md': 'A Helm repository: Gitea serves these files.\n' });
  const files = [
    { path: 'index.yaml', bytes: Buffer.from(chartIndex(archives)) },
    ...archives.map(({ version, bytes }) => ({ path: archiveName(version), bytes })),
  ].map(({ path, bytes }) => ({ operation: 'create', path, content: Buffer.from(bytes).toString('base64') }));
  const message = `Publish ${APP} ${versions.join(', ')}`;
  await gitea.api('POST', `/repos/${gitea.user}/${CHARTS}/contents`, { branch: 'main', message, files });
  return `${gitea.url}/${gitea.user}/${CHARTS}/raw/branch/main`;
}

/** A ConfigMap is the whole application: no kubelet runs pods here. */
const TEMPLATE = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  greeting: {{ .Values.greeting }}, this is {{ .Chart.Version }}
  {{- with .Values.image }}
  image: {{ .repository }}:{{ .tag }}
  {{- end }}
`;

function chartArchive(version: string): Promise<Uint8Array> {
  const files = {
    [`${APP}/Chart.yaml`]: stringify(metadata(version)),
    [`${APP}/values.yaml`]: 'greeting: Hello\n',
    [`${APP}/templates/configmap.yaml`]: TEMPLATE,
  };
  return new Bun.Archive(files, { compress: 'gzip' }).bytes();
}

/** See https://helm.sh/docs/topics/chart_repository/ */
function chartIndex(archives: readonly { version: string; bytes: Uint8Array }[]): string {
  const created = new Date().toISOString();
  const entries = archives.map(({ version, bytes }) => ({
    ...metadata(version),
    created,
    digest: createHash('sha256').update(bytes).digest('hex'),
    urls: [archiveName(version)],
  }));
  return stringify({ apiVersion: 'v1', generated: created, entries: { [APP]: entries } });
}

function metadata(version: string) {
  return { apiVersion: 'v2', name: APP, version, description: 'Says hello.' };
}

function archiveName(version: string): string {
  return `${APP}-${version}.tgz`;
}

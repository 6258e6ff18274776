import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { binaryOf, type Installed } from './build/store.ts';
import { freePort, isListening } from './ports.ts';
import { type Supervisor, waitForProcess } from './supervisor.ts';

export const REGISTRY = 'registry';

/** The address of a running registry. */
export interface RegistryConnection {
  /** `127.0.0.1:<port>`, without TLS. */
  readonly host: string;
}

export interface ChartArtifact {
  readonly repository: string;
  readonly version: string;
  /** Default: the version. */
  readonly tag?: string;
  /** The value in the ConfigMap that is all the chart has; a template as Helm takes it. */
  readonly value: string;
}

export interface Registry extends RegistryConnection {
  /** `oci://127.0.0.1:<port>/<repository>` */
  url(repository: string): string;
  /** Pushes a chart of one ConfigMap, named after its release; returns the manifest's digest. */
  pushChart(chart: ChartArtifact): Promise<string>;
  /** Pushes files as `flux push artifact` does; returns the manifest's digest. */
  pushFiles(repository: string, tag: string, files: Readonly<Record<string, string>>): Promise<string>;
}

/** Starts a registry that keeps everything in memory. */
export async function startRegistry(
  supervisor: Supervisor,
  installed: Installed,
): Promise<RegistryConnection> {
  const port = await freePort();
  const registry = await supervisor.start(REGISTRY, {
    argv: [binaryOf(installed, REGISTRY), `-port=${port}`],
    env: { TMPDIR: supervisor.directory },
  });
  await waitForProcess(registry, () => isListening(port), 60);
  return { host: `127.0.0.1:${port}` };
}

/** The media types that mark an artifact as a chart or as Flux's own. */
interface MediaTypes {
  readonly config: string;
  readonly layer: string;
}

const CHART: MediaTypes = {
  config: 'application/vnd.cncf.helm.config.v1+json',
  layer: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
};
const FLUX: MediaTypes = {
  config: 'application/vnd.cncf.flux.config.v1+json',
  layer: 'application/vnd.cncf.flux.content.v1.tar+gzip',
};
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

interface Push {
  readonly repository: string;
  readonly tag: string;
  readonly types: MediaTypes;
  readonly config: object;
  readonly layer: Uint8Array;
}

/** See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing */
export function createRegistry({ host }: RegistryConnection): Registry {
  async function send(method: string, url: string, type: string, body: Uint8Array): Promise<Response> {
    const answer = await fetch(url, { method, headers: { 'content-type': type }, body });
    if (answer.ok) return answer;
    throw new Error(`the registry answered ${answer.status} to ${method} ${url}: ${await answer.text()}`);
  }

  async function pushBlob(repository: string, mediaType: string, bytes: Uint8Array) {
    const digest = digestOf(bytes);
    const start = `http://${host}/v2/${repository}/blobs/uploads/`;
    const { headers } = await send('POST', start, 'application/octet-stream', new Uint8Array());
    const upload = new URL(headers.get('location') ?? '', start);
    upload.searchParams.set('digest', digest);
    await send('PUT', upload.href, 'application/octet-stream', bytes);
    return { mediaType, digest, size: bytes.byteLength };
  }

  async function push({ repository, tag, types, config, layer }: Push): Promise<string> {
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: await pushBlob(repository, types.config, Buffer.from(JSON.stringify(config))),
        layers: [await pushBlob(repository, types.layer, layer)],
      }),
    );
    await send('PUT', `http://${host}/v2/${repository}/manifests/${tag}`, MANIFEST, manifest);
    return digestOf(manifest);
  }

  return {
    host,
    url: (repository) => `oci://${host}/${repository}`,
    async pushChart({ repository, version, tag = version, value }) {
      const config = { apiVersion: 'v2', name: repository.split('/').at(-1) ?? '', version };
      return await push({ repository, tag, types: CHART, config, layer: await chartArchive(config, value) });
    },
    async pushFiles(repository, tag, files) {
      return await push({ repository, tag, types: FLUX, config: {}, layer: await archive(files) });
    },
  };
}

function chartArchive(metadata: { name: string }, value: string): Promise<Uint8Array> {
  return archive(
    Object.fromEntries(
      Object.entries(chartFiles(metadata, value)).map(([path, text]) => [`${metadata.name}/${path}`, text]),
    ),
  );
}

/** A chart of one ConfigMap, named after its release, as files of a repository or an archive. */
export function chartFiles(metadata: object, value: string): Record<string, string> {
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: '{{ .Release.Name }}' },
    data: { value },
  };
  return {
    'Chart.yaml': stringify(metadata),
    'values.yaml': '{}\n',
    'values-more.yaml': 'more: true\n',
    'templates/configmap.yaml': stringify(configMap),
  };
}

function archive(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  return new Bun.Archive({ ...files }, { compress: 'gzip' }).bytes();
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

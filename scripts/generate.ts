import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { crdYaml } from './crd.ts';
import { EDITOR_SCHEMA, editorSchemaJson } from './json-schema.ts';

/** Writes the files that are made from the schemas; `test/unit/api/crd.test.ts` fails when it was forgotten. */

const folder = fileURLToPath(new URL('../manifests/crd/', import.meta.url));
const kustomization = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - pipelines.yaml
`;

await mkdir(folder, { recursive: true });
await writeFile(`${folder}pipelines.yaml`, crdYaml());
await writeFile(`${folder}${EDITOR_SCHEMA}`, editorSchemaJson());
await writeFile(`${folder}kustomization.yaml`, kustomization);
console.log(`manifests/crd: pipelines.yaml and ${EDITOR_SCHEMA} are up to date.`);

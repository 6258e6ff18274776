import { refusal } from './answers.ts';

/** The newest version of the REST API: https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rest-api-versioning */
export const PRODUCTS = {
  services: { newest: '7.2', kind: 'services' },
  'server-2022.1': { newest: '7.1', kind: 'server' },
  'server-2022': { newest: '7.0', kind: 'server' },
  'server-2020': { newest: '6.0', kind: 'server' },
  'server-2019': { newest: '5.1', kind: 'server' },
} as const;
export type Product = keyof typeof PRODUCTS;

const VERSION = /^(\d+\.\d+)(-preview(\.\d+)?)?$/;

/** Previews of each version; what is a preview in 6.0 alone was released with 7.0. */
const ALWAYS_PREVIEW = /\/_apis\/(policy\/evaluations|connectionData)$/;
const PREVIEW_IN_6 = /\/pullrequests\/\d+\/(labels|statuses)$/i;

/** The refusal of a version that the server does not have, or does not take for this operation. */
export function versionRefusal(product: Product, path: string, query: URLSearchParams): Response | undefined {
  const { newest } = PRODUCTS[product];
  const asked = query.get('api-version');
  if (asked === null) {
    return refusal(400, 'VssVersionNotSpecifiedException', 'No api-version was supplied for the request.');
  }
  const [, version = '', preview] = VERSION.exec(asked) ?? [];
  // Texts compare like versions, which have one digit each.
  if (version === '' || version > newest) {
    const message = `The requested REST API version of ${version} is out of range for this server. The latest REST API version this server supports is ${newest}.`;
    return refusal(400, 'VssVersionOutOfRangeException', message);
  }
  const isPreview = ALWAYS_PREVIEW.test(path) || (version === '6.0' && PREVIEW_IN_6.test(path));
  if (isPreview && preview === undefined) {
    const message = `The requested version "${version}" of the resource is under preview. The -preview flag must be supplied in the api-version for such requests. For example: "${version}-preview"`;
    return refusal(400, 'VssInvalidPreviewVersionException', message);
  }
  return undefined;
}

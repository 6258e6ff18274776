import type { SecretState } from '../../decide/validation.ts';
import { errorMessage } from '../../lib/errors.ts';
import { KUBECONFIG_KEYS } from '../secrets/secret-keys.ts';
import { type RemoteOptions, remoteKubeConfig } from './kubeconfig.ts';
import { noKubeconfigIn } from './source.ts';

/** Checks a kubeconfig by its text alone; names are not looked up. */
export function kubeconfigWarning(state: SecretState, options: RemoteOptions): string | undefined {
  if (state.kind === 'unknown') return undefined;
  if (state.kind === 'absent') {
    return `${options.where} does not exist: create it with the key kubeconfig.`;
  }
  const { values } = state.secret;
  // The keys of the Secret are not known everywhere.
  if (values === undefined) return undefined;
  const text = KUBECONFIG_KEYS.map((key) => values.get(key)).find((value) => value !== undefined);
  if (text === undefined) return noKubeconfigIn(options.where);
  if (text === 'sealed') return undefined;
  try {
    remoteKubeConfig(new TextDecoder().decode(text), options);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

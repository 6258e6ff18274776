import * as v from 'valibot';
import { rules, secretTextRules, type TextBounds, textPipe, textRules, withFastPath } from './rules.ts';

/** Schemas of the names in a Pipeline, and of the kinds that name a cluster. */

export const CLUSTER_KINDS = ['GitopsCluster', 'Secret'] as const;

function name(bounds: TextBounds) {
  return (description: string) =>
    withFastPath(
      v.pipe(...textPipe(bounds), rules(...textRules(bounds.rules)), v.description(description)),
      bounds,
    );
}

export const namespaceName = name({
  maxLength: 63,
  rules: [
    {
      matches: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
      message: 'Use lower case letters, digits and "-", with a letter or digit at both ends.',
    },
  ],
});

const OBJECT_NAME: TextBounds = {
  maxLength: 253,
  rules: [
    {
      matches: /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
      message: 'Use lower case letters, digits, "-" and ".", with a letter or digit at both ends.',
    },
  ],
};

export const objectName = name(OBJECT_NAME);

/** A reference to a Secret by name. Somebody may put a token there, so what is refused is not quoted. */
export function secretReference(description: string) {
  return v.pipe(
    v.object({
      name: withFastPath(v.pipe(...textPipe(OBJECT_NAME), v.description(description)), OBJECT_NAME),
    }),
    rules(...secretTextRules('name', OBJECT_NAME.rules)),
  );
}

export const kindName = name({
  maxLength: 63,
  rules: [
    {
      matches: /^[A-Z][A-Za-z0-9]*$/,
      message: 'Use a kind such as HelmRelease: letters and digits, the first one a capital.',
    },
  ],
});

export const apiVersionName = name({
  maxLength: 253,
  rules: [
    {
      matches: /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?v[0-9][a-z0-9]*$/,
      message: 'Use a group and version such as helm.toolkit.fluxcd.io/v2, or a version alone such as v1.',
    },
  ],
});

/** Part of a URL path and of a branch name (git-check-ref-format), hence no slash and no blank. */
export const environmentName = name({
  maxLength: 63,
  rules: [
    {
      matches: /^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$/,
      message: 'Use letters, digits, "-", "_" and ".", with a letter or digit at both ends.',
    },
    {
      notMatching: /\.\./,
      message: 'Take out "..": the name becomes part of a branch name, and Git allows no ".." there.',
    },
    {
      notMatching: /\.lock$/,
      message: 'Take ".lock" off the end: the name ends a branch name, and Git allows none with that ending.',
    },
  ],
});

import * as v from 'valibot';

/**
 * Schemas of the names in a Pipeline. `pattern` and the bounds go into the CustomResourceDefinition;
 * `words` says the same to a person.
 */
interface NameRule {
  readonly pattern: RegExp;
  readonly words: string;
  readonly maxLength: number;
}

function name(rule: NameRule) {
  return (description: string) =>
    v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(rule.maxLength),
      v.regex(rule.pattern, `Use ${rule.words}.`),
      v.description(description),
    );
}

export const namespaceName = name({
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  words: 'lower case letters, digits and "-", with a letter or digit at both ends',
  maxLength: 63,
});

export const objectName = name({
  pattern: /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  words: 'lower case letters, digits, "-" and ".", with a letter or digit at both ends',
  maxLength: 253,
});

export const kindName = name({
  pattern: /^[A-Z][A-Za-z0-9]*$/,
  words: 'a kind such as HelmRelease: letters and digits, the first one a capital',
  maxLength: 63,
});

export const apiVersionName = name({
  pattern: /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?v[0-9][a-z0-9]*$/,
  words: 'a group and version such as helm.toolkit.fluxcd.io/v2, or a version alone such as v1',
  maxLength: 253,
});

/** Part of a URL path and of a branch name, hence no slash, no blank, no dot at either end. */
export const environmentName = name({
  pattern: /^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$/,
  words: 'letters, digits, "-", "_" and ".", with a letter or digit at both ends',
  maxLength: 63,
});

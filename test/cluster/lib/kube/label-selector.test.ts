import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import * as v from 'valibot';
import type { KubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { parseLabelSelector } from '../../../../src/lib/kube/label-selector.ts';
import { resourcePath } from '../../../../src/lib/kube/path.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { sharedLab } from '../../../lab/shared.ts';
import { adminClient, newNamespace } from './support.ts';

/** Our reading of label selectors beside a real API server's. */

const MINUTES = 10 * 60_000;
setDefaultTimeout(60_000);

const KEY = 'sharding.fluxcd.io/key';
const OBJECTS: Readonly<Record<string, Record<string, string>>> = {
  none: {},
  empty: { [KEY]: '' },
  one: { [KEY]: 'one' },
  two: { [KEY]: 'two' },
  both: { [KEY]: 'two', team: 'podinfo' },
  team: { team: 'podinfo' },
  number: { n: '10' },
  padded: { n: '007' },
  huge: { n: '9223372036854775807' },
  toohuge: { n: '9223372036854775808' },
  text: { n: 'ten' },
  operator: { in: 'in', notin: 'x' },
};
const Names = v.object({ items: v.array(v.object({ metadata: v.object({ name: v.string() }) })) });

describe('label selectors', () => {
  let client: KubeClient;
  let path: string;

  beforeAll(async () => {
    client = adminClient(await sharedLab());
    const namespace = await newNamespace(client);
    path = resourcePath({ apiVersion: 'v1', namespace, plural: 'configmaps' });
    for (const [name, labels] of Object.entries(OBJECTS)) {
      await client.request({ method: 'POST', path, body: { metadata: { name, labels } } });
    }
  }, MINUTES);

  afterAll(() => client.close());

  test.each([
    '',
    KEY,
    `!${KEY}`,
    ` ! ${KEY} `,
    `${KEY}=one`,
    `${KEY} == one`,
    `${KEY}=`,
    `${KEY}!=one`,
    `${KEY}!=`,
    `${KEY} in (one,two)`,
    `${KEY} in ( two )`,
    `${KEY} in (,one)`,
    `${KEY} in (one,)`,
    `${KEY} notin (one)`,
    `${KEY} notin (one,)`,
    `${KEY} in ()`,
    `${KEY} notin ()`,
    `${KEY} notin(one)`,
    `${KEY}=two,team`,
    `${KEY}=two,team!=podinfo`,
    `!${KEY},team`,
    'n>9',
    'n<10',
    'n > 6 , n < 11',
    'n>9223372036854775806',
    'n<9223372036854775807',
    'in in (in)',
    'notin=x',
    'in',
  ])('%p selects what the API server selects by it, and by its one form', async (text) => {
    const selector = parseLabelSelector(text);
    const ours = Object.keys(OBJECTS).filter((name) => selector.matches(OBJECTS[name]));
    for (const labelSelector of [text, selector.text]) {
      const listed = await client.request({ method: 'GET', path, query: { labelSelector } });
      const names = v.parse(Names, listed).items.map(({ metadata }) => metadata.name);
      const theirs = names.filter((name) => name in OBJECTS);
      expect(theirs.toSorted()).toEqual(ours.toSorted());
    }
  });

  test.each([
    'a=b,',
    ',a=b',
    'a,,b',
    'a b',
    'a=b c',
    '!a=b',
    '!!a',
    'a in b',
    'a in (b',
    'a in (b))',
    'a notin',
    'anotin(b)',
    'a>b',
    'a>-1',
    'a=>b',
    'a=!b',
    'a/b/c=d',
    'a=b/c',
    '-a=b',
    `a=${'b'.repeat(64)}`,
    `${'a'.repeat(64)}=b`,
    `${'a'.repeat(254)}/b=c`,
    'A.example.com/b=c',
  ])('%p is refused by both', async (labelSelector) => {
    expect(() => parseLabelSelector(labelSelector)).toThrow('is not a label selector');
    const answer = client.request({ method: 'GET', path, query: { labelSelector } });
    expect(await failureOf(answer)).toMatchObject({ code: 'ApiRefused' });
  });
});

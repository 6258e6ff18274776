import { expect, test } from 'bun:test';
import { createBreakers } from '../../../../src/lib/async/index.ts';
import { createConnections } from '../../../../src/lib/git/connections.ts';
import type { Outbound } from '../../../../src/lib/net/index.ts';

const never = () => Promise.reject(new Error('nothing is sent'));
const outbound: Outbound = { send: never, dial: never };
const advice = { credentials: 'ask the keeper', token: 'ask for one', branch: 'grow it', size: 'shrink it' };

const connected = createConnections({
  outbound,
  breakers: createBreakers(() => new Date()),
  advice,
  closing: new AbortController().signal,
});

test.each(['https://git.example/a', 'ssh://git@git.example/a'])(
  'work on %s has its tenant, and the advice of the caller',
  async (url) => {
    await connected({ url, credentials: {}, tenant: 'team' }, async (transport) => {
      expect(transport.tenant).toBe('team');
      expect(transport.remote.advice).toBe(advice);
    });
  },
);

import type { Lab } from '../test/lab/lab.ts';
import { showCommand, writeManifest } from './apply.ts';
import { pipeline } from './manifests.ts';
import { NAMESPACE } from './names.ts';
import type { Printer } from './print.ts';
import type { Steps } from './steps.ts';

export interface RefusalDeps {
  readonly lab: Lab;
  readonly print: Printer;
  readonly steps: Steps;
  readonly url: string;
}

/** Two Pipelines that must not get into the cluster, and what kubectl says of them. */
export async function showRefusals({ lab, print, steps, url }: RefusalDeps): Promise<void> {
  await steps.run('Refuse what is wrong', async (conclude) => {
    for (const { name, fault, strategy } of WRONG) {
      const path = await writeManifest(lab, name, [pipeline(url, { name, strategy })]);
      print.say(`A Pipeline ${fault}:`);
      const args = ['apply', '-f', path];
      showCommand(print, lab, args);
      const { code, stdout, stderr } = await lab.tryKubectl(args);
      print.more(`${stdout}${stderr}`);
      const there = await lab.tryKubectl(['get', 'pipeline', name, '-n', NAMESPACE]);
      if (code === 0 || there.code === 0) throw new Error(`the Pipeline ${name} was not refused`);
    }
    conclude('two strategies; a missing Secret');
  });
}

const WRONG = [
  { name: 'two-strategies', fault: 'with two strategies', strategy: { notification: {} } },
  {
    name: 'missing-secret',
    fault: 'whose Secret is missing',
    strategy: { secretRef: { name: 'nowhere' } },
  },
];

import type { Act } from '../act.ts';
import { actAsForge } from '../forge-server.ts';

export const forgeSilence: Act = {
  name: 'forge-silence',
  summary: 'a forge whose API never answers, though its Git does',
  perform: (context) => actAsForge(context, () => new Promise<Response>(() => undefined)),
};

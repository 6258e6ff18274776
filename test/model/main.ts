import { CONFIGURATIONS } from './configurations.ts';
import { explore } from './search/explore.ts';

const [depth = '4', time = '20', only = ''] = process.argv.slice(2);
for (const configuration of CONFIGURATIONS.filter(({ name }) => name.includes(only))) {
  const done = await explore(configuration, {
    depth: Number(depth),
    time: Number(time) * 1000,
    violations: 6,
  });
  console.log(
    `${done.configuration}: ${done.states} states, ${done.steps} steps, depth ${done.depth}${done.isComplete ? '' : ' (time is up)'}, ${done.seconds.toFixed(1)} s`,
  );
  for (const { problem, trace } of done.violations)
    console.log(`  ${problem}\n    ${trace.map((one, index) => `${index + 1}. ${one}`).join('\n    ')}`);
}

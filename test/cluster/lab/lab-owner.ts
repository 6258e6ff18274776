import { startLab } from '../../lab/lab.ts';

// Started by lab.test.ts to be killed: owns a lab and says where it is.
const lab = await startLab({ gitea: true });
const program = await lab.start('program', { argv: ['sleep', '1000'] });
if (process.argv.includes('--keep')) await lab.keep();
console.log(JSON.stringify({ connectionFile: lab.connectionFile, pid: program.pid }));
await new Promise(() => setInterval(() => {}, 1000));

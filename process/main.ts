import { runShim } from './shim';

/** The shim of one local process, whose folder is its only argument. What it prints goes to the file shim.log in there. */
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Whoever means the command tells the command: without its shim nobody would know how it ended.
  });
}

runShim(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);

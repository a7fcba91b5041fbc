import { Worker } from 'node:worker_threads';

/** A regular expression as the engine compiles it. */
export interface Expression {
  source: string;
  flags: number;
}

/**
 * Looks for expressions in long texts on a thread of its own, as a look that has begun cannot be held up: the engine takes up to
 * 17 ns for each character and step of the expression, which is seconds for a mebibyte. It is linear all the same, so every look
 * comes to an end. One look at a time, in the order of the calls; the thread begins with the first.
 */
export function matchesLong(expression: Expression, text: string): Promise<boolean> {
  thread ??= startThread();
  return thread.look({ ...expression, text });
}

let thread: MatchThread | undefined;

interface MatchThread {
  look(question: Expression & { text: string }): Promise<boolean>;
}

/** In JavaScript, as a thread is started from a text or a file, and a file would have to be found built and unbuilt. */
const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { RE2JS } = require(workerData.enginePath);
  let last = {};
  parentPort.on('message', ({ source, flags, text }) => {
    if (last.source !== source || last.flags !== flags) last = { source, flags, engine: RE2JS.compile(source, flags) };
    parentPort.postMessage(last.engine.test(text));
  });
`;

function startThread(): MatchThread {
  const worker = new Worker(PROGRAM, { eval: true, workerData: { enginePath: require.resolve('re2js') } });
  const waiting: { resolve: (isMatch: boolean) => void; reject: (error: unknown) => void }[] = [];
  const fail = (error: unknown): void => {
    thread = undefined;
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on('message', (isMatch: boolean) => {
    waiting.shift()!.resolve(isMatch);
    // A process that has nothing else to do ends.
    if (waiting.length === 0) worker.unref();
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`the thread that looks through long lines ended with ${code}`)));
  return {
    look: (question) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.ref();
        worker.postMessage(question);
      }),
  };
}

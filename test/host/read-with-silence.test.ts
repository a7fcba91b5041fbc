import { readWithSilence } from '../../host/read-with-silence';

/** A source whose reads are settled by hand, and which counts what was attached to each. */
function sourceByHand() {
  const reads: { attached: number; give: (value: string) => void; fail: (error: Error) => void }[] = [];
  const next = (): Promise<IteratorResult<string>> => {
    const { promise, resolve, reject } = withResolvers<IteratorResult<string>>();
    const read = { attached: 0, give: (value: string) => resolve({ done: false, value }), fail: reject };
    reads.push(read);
    const attach = promise.then.bind(promise);
    return Object.assign(promise, {
      then: ((...handlers) => {
        read.attached += 1;
        return attach(...handlers);
      }) as typeof promise.then,
    });
  };
  return { source: { [Symbol.asyncIterator]: () => ({ next }) }, reads };
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

it('attaches nothing more to a read, however often the source is found silent', async () => {
  const { source, reads } = sourceByHand();
  const attachedAt: number[] = [];
  const giveUp = async (): Promise<boolean> => attachedAt.push(reads[0]!.attached) === 20;

  for await (const _ of readWithSilence(source, 0, giveUp)) throw new Error('nothing was given');

  expect(attachedAt).toEqual(Array.from({ length: 20 }, () => attachedAt[0]));
});

it('passes on what comes after a silence, and while it is asked whether to give up', async () => {
  const { source, reads } = sourceByHand();
  const values: string[] = [];
  let asked = 0;
  const giveUp = async (): Promise<boolean> => {
    asked += 1;
    if (asked === 3) reads[0]!.give('first');
    if (asked === 4) setImmediate(() => reads[1]!.give('second'));
    return values.length === 2;
  };

  for await (const value of readWithSilence(source, 0, giveUp)) values.push(value);

  expect(values).toEqual(['first', 'second']);
});

it('fails as its source fails, before and after a silence', async () => {
  const failure = new Error('broken off');
  for (const silences of [0, 2]) {
    const { source, reads } = sourceByHand();
    let asked = 0;
    const giveUp = async (): Promise<boolean> => {
      asked += 1;
      if (asked === silences) reads[0]!.fail(failure);
      return false;
    };
    const reading = readWithSilence(source, 0, giveUp).next();
    if (silences === 0) reads[0]!.fail(failure);
    await expect(reading).rejects.toBe(failure);
  }
});

it('leaves no failure of a read behind that was given up', async () => {
  const { source, reads } = sourceByHand();
  expect(await readWithSilence(source, 0, async () => true).next()).toEqual({ done: true, value: undefined });
  reads[0]!.fail(new Error('its source was aborted'));
  await new Promise(setImmediate);
});

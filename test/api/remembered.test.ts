import { remember } from '../../api/services/remembered';
import { deferred } from '../helpers/deferred';

function counted(): { ask: (subject: string) => Promise<string>; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: async (subject) => {
      asked.push(subject);
      return `${subject}${asked.length}`;
    },
  };
}

test('many who ask at once ask once, and each subject for itself', async () => {
  const { ask, asked } = counted();
  const answers = remember(ask, { freshMs: 1_000, now: () => 0 });
  expect(await Promise.all([answers.get('a'), answers.get('a'), answers.get('b')])).toEqual(['a1', 'a1', 'b2']);
  expect(asked).toEqual(['a', 'b']);
});

test('an answer is asked for anew once it is not fresh, and before that where it is to be forgotten', async () => {
  const { ask } = counted();
  let now = 0;
  const answers = remember(ask, { freshMs: 1_000, now: () => now });
  expect(await answers.get('a')).toBe('a1');
  now = 999;
  expect(await answers.get('a')).toBe('a1');
  answers.forget('a');
  expect(await answers.get('a')).toBe('a2');
  now = 2_000;
  expect(await answers.get('a')).toBe('a3');
});

test('an older answer that is usable is given at once, while a new one is asked for', async () => {
  const { ask, asked } = counted();
  let now = 0;
  const answers = remember(ask, { freshMs: 1_000, usableMs: 5_000, now: () => now });
  await answers.get('a');
  now = 2_000;
  expect(await answers.get('a')).toBe('a1');
  expect(asked).toHaveLength(2);
  expect(await answers.get('a')).toBe('a2');
});

test('a failure is told to who waits for it, not to who has an older answer, and is not remembered', async () => {
  const results = [async () => 'good', async () => Promise.reject(new Error('away')), async () => 'good again'];
  let now = 0;
  const answers = remember(() => results.shift()!(), { freshMs: 1_000, usableMs: 5_000, now: () => now });
  await answers.get('a');
  now = 2_000;
  expect(await answers.get('a')).toBe('good');
  now = 10_000;
  await expect(answers.get('a')).rejects.toThrow('away');
  expect(await answers.get('a')).toBe('good again');
});

test('what was asked before it was to be forgotten does not come back', async () => {
  const [before, after] = [deferred<string>(), deferred<string>()];
  const questions = [before.promise, after.promise];
  const answers = remember(() => questions.shift()!, { freshMs: 1_000, now: () => 0 });
  const old = answers.get('a');
  answers.forget('a');
  const fresh = answers.get('a');
  after.resolve('new');
  before.resolve('old');
  expect(await Promise.all([old, fresh, answers.get('a')])).toEqual(['old', 'new', 'new']);
});

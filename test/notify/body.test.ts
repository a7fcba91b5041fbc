import { bodyOf } from '../../notify/body';
import { notification } from './sample-notification';

const URL = 'http://hooks.example';

describe('the form json', () => {
  const bodyFor = (publicUrl: string) =>
    JSON.parse(bodyOf({ notification: notification(), target: { url: URL, form: 'json', secret: 'KEY' } }, publicUrl));

  it('is the notification with a link, and nothing of the target', () => {
    expect(bodyFor('https://trainyard.example')).toEqual({
      ...notification(),
      link: 'https://trainyard.example/v1/runs/digits-1',
    });
  });

  it('has no link where nobody knows the address of the API', () => {
    expect(bodyFor('')).toEqual({ ...notification(), link: null });
  });
});

describe('the form slack', () => {
  const textOf = (changes: Parameters<typeof notification>[0], publicUrl = '') => {
    const body = bodyOf({ notification: notification(changes), target: { url: URL, form: 'slack' } }, publicUrl);
    const parsed = JSON.parse(body) as { text: string };
    expect(Object.keys(parsed)).toEqual(['text']);
    return parsed.text;
  };

  it('says what became of the run, once, with the hint and a link', () => {
    expect(textOf({}, 'https://t.example').split('\n')).toEqual([
      '*digits* is *failed*: The command ended with exit code 3.',
      'No space: clean up.',
      'digits-1, attempt 2 on main, 2026-11-24T09:30:00.000Z',
      '<https://t.example/v1/runs/digits-1|Show the run>',
    ]);
  });

  it('says what became of the attempt where the run goes on, and which rule matched', () => {
    const run = { ...notification().run, state: 'retrying' as const, message: 'Tries again in 5 s.' };
    expect(textOf({ run, rule: 'policy.retries.rules[0]: retry' }).split('\n').slice(0, 4)).toEqual([
      '*digits* is *retrying*: Tries again in 5 s.',
      'Attempt 2: The command ended with exit code 3.',
      'No space: clean up.',
      'Rule: policy.retries.rules[0]: retry',
    ]);
  });

  it('makes no link and no call to everybody of what a run is named', () => {
    const run = { ...notification().run, name: '<!channel> & <http://evil.example|x>', message: 'x'.repeat(10_000) };
    const text = textOf({ run, ended: null }, 'https://t.example');
    expect(text).toContain('*&lt;!channel&gt; &amp; &lt;http://evil.example|x&gt;*');
    expect(text.length).toBeLessThan(3_200);
    expect(text).toMatch(/Show the run>$/);
  });
});

import { neverComes } from '../../contract/cron-days';

test.each([
  '0 3 31 2 *',
  '0 3 30,31 2 MON',
  '0 3 30 FEB *',
  '0 3 31 2,4,6,9,11 *',
  '0 3 31 apr-apr,jun *',
  '0 3 30-31 2 *',
  '0 3 31/5 4/5 *',
])('"%s" means no day', (cron) => {
  expect(neverComes(cron)).toBe(true);
});

test.each([
  '0 3 29 2 *',
  '0 3 29 2 MON',
  '0 3 31 2,3 *',
  '0 3 28-31 2 *',
  '0 3 */31 2 *',
  '0 3 30/5 4-6/2 *',
  '0 3 31 * *',
  '0 3 * 2 *',
  '@monthly',
])('"%s" means days', (cron) => {
  expect(neverComes(cron)).toBe(false);
});

test.each(['0 3 32 2 *', '0 3 x 2 *', '0 3 31 13 *', '0 3 31-30 2 *', '0 3 31/0 2 *', '0 3 L 2 *'])(
  'of "%s", which is wrong, nothing is said',
  (cron) => {
    expect(neverComes(cron)).toBe(false);
  },
);

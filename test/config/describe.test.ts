import { describeSettings, listSettings } from '../../config/describe';

it('names every setting once, each with a variable of its own and a description', () => {
  const settings = listSettings();
  expect(settings.length).toBeGreaterThan(15);
  for (const key of ['path', 'env'] as const) {
    expect(new Set(settings.map((setting) => setting[key])).size).toBe(settings.length);
  }
  for (const { env, description } of settings) {
    expect(env).toMatch(/^[A-Z][A-Z_]+$/);
    expect(description).toMatch(/\.$/);
  }
});

it('gives each setting its type, default and limits', () => {
  expect(listSettings()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ path: 'api.port', type: 'whole number', default: 8000, allowed: '0 to 65535' }),
      expect.objectContaining({ path: 'worker.roles', type: 'list', allowed: 'control, host' }),
      expect.objectContaining({ path: 'api.allowRemote', type: 'true or false', default: false }),
    ]),
  );
});

it('is a table with one row for each setting', () => {
  const rows = describeSettings().trimEnd().split('\n');
  expect(rows).toHaveLength(listSettings().length + 2);
  expect(rows).toContain(
    '| `api.port` | `TRAINYARD_API_PORT` | `8000` | Port to listen on; 0 takes a free one. (0 to 65535) |',
  );
});

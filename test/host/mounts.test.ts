import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MountRefusedError, resolveMounts } from '../../host/mounts';

let folder: string;
let rules: { mountRoots: string[]; dockerHost: string };

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'trainyard-mounts-')));
  for (const name of ['allowed/data', 'allowed-not', 'secret', 'engine']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await symlink(join(folder, 'secret'), join(folder, 'allowed/leads-out'));
  await symlink(join(folder, 'allowed/data'), join(folder, 'leads-in'));
  await symlink(join(folder, 'allowed'), join(folder, 'root-link'));
  await symlink('loop', join(folder, 'allowed/loop'));
  await writeFile(join(folder, 'allowed/file'), '');
  rules = { mountRoots: [join(folder, 'allowed')], dockerHost: 'unix:///nowhere' };
});

afterAll(() => rm(folder, { recursive: true }));

const resolveOne = (source: string, changes = {}) =>
  resolveMounts([{ source: join(folder, source), target: '/data', readOnly: true }], { ...rules, ...changes });

describe('resolveMounts', () => {
  it('binds a folder and a file below a root', async () => {
    expect(await resolveOne('allowed/data')).toEqual([
      { source: join(folder, 'allowed/data'), target: '/data', readOnly: true },
    ]);
    expect(await resolveOne('allowed/file')).toHaveLength(1);
  });

  it('binds the resolved path where a link leads below a root, and where the root is a link', async () => {
    const [bind] = await resolveOne('leads-in', { mountRoots: [join(folder, 'root-link')] });
    expect(bind?.source).toBe(join(folder, 'allowed/data'));
  });

  it.each([
    ['a link that leads out of the root', 'allowed/leads-out', /in none of the folders/],
    ['a path that climbs out of the root', 'allowed/../secret', /in none of the folders/],
    ['a folder whose name only begins as the root does', 'allowed-not', /in none of the folders/],
    ['what does not exist', 'allowed/missing', /does not exist on this host; create it/],
    ['a path through a file', 'allowed/file/below', /does not exist/],
    ['a link to itself', 'allowed/loop', /does not exist/],
  ])('refuses %s', async (_, source, problem) => {
    const refused = resolveOne(source);
    await expect(refused).rejects.toThrow(MountRefusedError);
    await expect(refused).rejects.toThrow(problem);
  });

  it('refuses everything where no roots are set, and says which setting allows it', async () => {
    await expect(resolveOne('allowed/data', { mountRoots: [] })).rejects.toThrow('host.mountRoots: there are none');
  });

  it('refuses the socket of the engine and every folder that holds it, though they are below a root', async () => {
    const socket = join(folder, 'engine/docker.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      const open = { mountRoots: [folder], dockerHost: `unix://${socket}` };
      await expect(resolveOne('engine/docker.sock', open)).rejects.toThrow('Docker socket');
      await expect(resolveOne('engine', open)).rejects.toThrow('Docker socket');
      await expect(resolveOne('.', open)).rejects.toThrow('Docker socket');
      expect(await resolveOne('secret', open)).toHaveLength(1);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('refuses what leads out of every container, even below a root', async () => {
    const everything = { mountRoots: ['/'], dockerHost: 'tcp://127.0.0.1:1' };
    const mount = { target: '/data', readOnly: true };
    await expect(resolveMounts([{ ...mount, source: '/proc/self/root' }], everything)).rejects.toThrow('leads out');
    await expect(resolveMounts([{ ...mount, source: '/sys' }], everything)).rejects.toThrow('leads out');
  });
});

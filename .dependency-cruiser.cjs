/**
 * Who may import whom. Each row names a folder, what it may import of the others (a folder, or one file of it without its
 * extension), and which packages. A folder always may import itself; Node's own modules are a matter of .oxlintrc.json.
 * test/repository/borders.test.ts plants a fault for each row.
 */
const INTERFACES = [
  'docker/container-files',
  'docker/engine',
  'docker/engine-shortcomings',
  'docker/errors',
  'docker/init-failure',
  'store/errors',
  'store/json-hash',
  'store/late-log-store',
  'store/log-end',
  'store/log-patterns',
  'store/log-store',
  'store/policy-book',
  'store/policy-store',
  'store/run-store',
];

const TABLE = {
  // Whether a pattern is one that takes linear time is for the engine to say that will look for it.
  contract: { ours: [], packages: ['@sinclair/typebox', 're2js'] },
  policy: { ours: ['contract'], packages: [] },
  workflows: { ours: ['contract', 'policy'], packages: ['@temporalio/workflow', '@temporalio/common'] },
  config: { ours: ['contract'], packages: ['@sinclair/typebox', 'yaml'] },
  docker: { ours: ['contract'], packages: ['dockerode', 'docker-modem', '@types/dockerode'] },
  process: { ours: ['contract', 'docker/cgroup-usage', 'docker/engine', 'docker/errors'], packages: [] },
  store: { ours: ['contract'], packages: ['@photostructure/sqlite', 'pino', 're2js'] },
  notify: { ours: ['contract'], packages: [] },
  host: { ours: ['contract', 'policy', 'config', ...INTERFACES], packages: ['pino'] },
  control: { ours: ['contract', 'policy', 'store/run-store'], packages: ['pino'] },
  activities: {
    ours: ['contract', 'policy', 'config', 'host', 'notify/check-targets', 'notify/sender', ...INTERFACES],
    packages: ['@temporalio/activity', '@temporalio/common', 'pino', 'yaml'],
  },
  api: {
    ours: [
      'contract',
      'policy',
      'config',
      'notify/addresses',
      'notify/check-targets',
      'store/errors',
      'store/json-hash',
      'store/run-store',
      'store/log-end',
      'store/log-patterns',
      'store/log-store',
      'store/policy-book',
      'store/policy-store',
      'workflows/messages',
      'workflows/pool-messages',
    ],
    packages: [
      '@fastify/.+',
      '@sinclair/typebox',
      '@temporalio/client',
      '@temporalio/common',
      'close-with-grace',
      'fastify',
      'fastify-plugin',
      'pino',
      'pino-pretty',
      're2js',
      'ws',
      '@types/ws',
      'yaml',
    ],
  },
  worker: {
    ours: [
      'contract',
      'policy',
      'config',
      'docker',
      'process',
      'store',
      'notify',
      'control',
      'host',
      'activities',
      'workflows',
    ],
    packages: ['@temporalio/.+', 'close-with-grace', 'pino', 'pino-pretty'],
  },
  doctor: {
    ours: ['contract', 'config', 'docker', 'host/gpu-inventory', 'process/machine'],
    packages: ['@temporalio/client'],
  },
  server: {
    ours: ['contract', 'config', 'store/data-lock', 'store/errors'],
    packages: ['@temporalio/client', 'pino', 'pino-pretty'],
  },
  cli: { ours: ['contract'], packages: ['@sinclair/typebox', 'commander', 'yaml'] },
};

/** Files that may import more than their folder: each puts the parts of a process together. */
const ALSO = {
  'api/main': ['store'],
  'cli/commands/up': ['server'],
  'cli/commands/doctor': ['doctor', 'config'],
};

/** Where processes begin; what none of them reaches is dead. */
const ENTRIES = '^(api|cli|process|server|worker)/main[.]ts$|^workflows/index[.]ts$';

/** Stands beside the source, is no part of it, and may import all of it. */
const OUTSIDE = ['bench', 'chaos', 'test', 'script'];

const escape = (text) => text.replace(/[.]/g, '[.]');
const place = (name) => (name.includes('/') ? `^${escape(name)}[.]ts$` : `^${name}/`);
const anyOf = (names) => `^(${names.join('|')})/`;
const folders = Object.keys(TABLE);

const borders = folders.flatMap((folder) => {
  const { ours, packages } = TABLE[folder];
  const exceptions = Object.keys(ALSO).filter((file) => file.startsWith(`${folder}/`));
  return [
    {
      name: `${folder}-imports`,
      comment: `${folder}/ may import ${ours.join(', ') || 'nothing of ours'}.`,
      severity: 'error',
      from: { path: `^${folder}/`, pathNot: exceptions.map(place) },
      to: { path: anyOf([...folders, ...OUTSIDE]), pathNot: [folder, ...ours].map(place) },
    },
    ...exceptions.map((file) => ({
      name: `${file.replaceAll('/', '-')}-imports`,
      severity: 'error',
      from: { path: place(file) },
      to: { path: anyOf([...folders, ...OUTSIDE]), pathNot: [folder, ...ours, ...ALSO[file]].map(place) },
    })),
    {
      name: `${folder}-packages`,
      comment: `${folder}/ may use ${packages.join(', ') || 'no package'}.`,
      severity: 'error',
      from: { path: `^${folder}/` },
      to: {
        path: 'node_modules/',
        ...(packages.length > 0 && {
          pathNot: packages.map((name) => `node_modules/${escape(name).replace('[.]+', '.+')}/`),
        }),
      },
    },
  ];
});

module.exports = {
  forbidden: [
    ...borders,
    {
      name: 'dockerode-in-one-place',
      comment: 'Only docker/dockerode-*.ts knows the library: all else speaks docker/engine.',
      severity: 'error',
      from: { path: anyOf(folders), pathNot: '^docker/dockerode-[a-z-]+[.]ts$' },
      to: { path: 'node_modules/(@types/)?(dockerode|docker-modem)/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared-packages',
      comment: 'What runs in production stands under dependencies in package.json.',
      severity: 'error',
      from: { path: anyOf(folders) },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'no-dead-modules',
      comment: 'Every module of the source is reached from an entry point.',
      severity: 'error',
      from: { path: ENTRIES },
      to: { path: anyOf(folders), pathNot: ENTRIES, reachable: false },
    },
  ],
  options: {
    // TypeScript 7 has no API that the cruiser could parse with.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|data|coverage|recipes|deploy)/' },
    enhancedResolveOptions: { extensions: ['.ts', '.d.ts', '.js', '.cjs', '.json'] },
  },
};

/** Tests mirror the folders of the source. `script/test` sets up what they need; see CONTRIBUTING.md. */
module.exports = {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  globalSetup: '<rootDir>/test/helpers/shared-server/begin.cjs',
  globalTeardown: '<rootDir>/test/helpers/shared-server/end.cjs',
  // Jest on Node 20 cannot `require` a module that is ESM only, as Node itself can since 20.19.
  transformIgnorePatterns: ['/node_modules/(?!(content-disposition|cookie)/)'],
  transform: {
    'node_modules/(content-disposition|cookie)/.+\\.js$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } }, module: { type: 'commonjs' } },
    ],
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  testSequencer: '<rootDir>/test/helpers/sequencer.cjs',
  testEnvironment: 'node',
  testTimeout: 60_000,
  maxWorkers: 2,
  // What runs beside each other in one file mostly waits.
  maxConcurrency: 10,
};

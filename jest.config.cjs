/** Tests mirror the folders of the source. `script/test` sets up what they need; see CONTRIBUTING.md. */
module.exports = {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  testEnvironment: 'node',
  testTimeout: 60_000,
  maxWorkers: 2,
};

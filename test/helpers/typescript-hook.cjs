/** Lets a child process of a test run TypeScript as jest does: `node -r test/helpers/typescript-hook.cjs file.ts`. */
const { transformFileSync } = require('@swc/core');

const options = { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } };

require.extensions['.ts'] = (module, path) => module._compile(transformFileSync(path, options).code, path);

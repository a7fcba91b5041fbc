/** Runs a benchmark of this folder, which is TypeScript: `node bench/run.cjs start-latency [arguments]`. Needs `npm run build`. */
const { join } = require('node:path');

const { transformFileSync } = require('@swc/core');

const settings = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, settings).code, file);

const [, , name, ...args] = process.argv;
if (!/^[a-z-]+$/.test(name ?? '')) {
  console.error('usage: node bench/run.cjs NAME [arguments], such as start-latency');
  process.exit(2);
}
require(join(__dirname, name))
  .main(args)
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });

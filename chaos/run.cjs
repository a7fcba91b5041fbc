/** Runs chaos/main.ts, which is TypeScript; `script/chaos` sees to what it needs. */
const { transformFileSync } = require('@swc/core');

const settings = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, settings).code, file);

require('./main')
  .main(process.argv.slice(2))
  .then(
    (code) => process.exit(code),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );

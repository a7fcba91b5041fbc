/**
 * Lets a child process of a test run TypeScript as jest does: `node -r test/helpers/typescript-hook.cjs file.ts`. What comes
 * of a source is kept: a worker has some two hundred, and tests start many workers.
 */
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const options = { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } };
const cache = join(__dirname, '../../node_modules/.cache/trainyard-test/typescript');
const { version } = require('@swc/core/package.json');

require.extensions['.ts'] = (module, path) => module._compile(transformed(path), path);

function transformed(path) {
  const source = readFileSync(path, 'utf8');
  const key = createHash('sha256')
    .update(JSON.stringify([version, options, path, source]))
    .digest('hex');
  const kept = join(cache, key.slice(0, 32));
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    const { code } = require('@swc/core').transformSync(source, { ...options, filename: path });
    mkdirSync(cache, { recursive: true });
    // Moved into place, so that nobody finds half of it.
    writeFileSync(`${kept}.${process.pid}`, code);
    renameSync(`${kept}.${process.pid}`, kept);
    return code;
  }
}

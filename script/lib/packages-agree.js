// Exits 0 when node_modules already holds what package-lock.json asks for, as it does after a developer's own `npm install`.
// npm keeps what it installed in node_modules/.package-lock.json, in the same form.
'use strict';

const { readFileSync } = require('node:fs');

const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;

function agree() {
  const { '': root, ...wanted } = packages('package-lock.json');
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  const present = packages('node_modules/.package-lock.json');
  const same = (name) =>
    present[name]?.version === wanted[name]?.version && present[name]?.integrity === wanted[name]?.integrity;
  return (
    ['dependencies', 'devDependencies'].every(
      (kind) => JSON.stringify(root[kind]) === JSON.stringify(manifest[kind]),
    ) &&
    // Optional packages are those of other platforms.
    Object.keys(wanted).every((name) => same(name) || (wanted[name].optional && !present[name])) &&
    Object.keys(present).every((name) => name in wanted)
  );
}

try {
  process.exitCode = agree() ? 0 : 1;
} catch {
  process.exitCode = 1; // no node_modules, or not npm's
}

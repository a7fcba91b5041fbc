import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { REPOSITORY } from './scratch-project';

export interface Document {
  /** Path from the root of the repository. */
  path: string;
  text: string;
}

/** Every document of the repository. */
export function readDocuments(): Document[] {
  const guides = readdirSync(join(REPOSITORY, 'docs'), { recursive: true, encoding: 'utf8' }).map(
    (one) => `docs/${one}`,
  );
  const others = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'bench/README.md'];
  return [...others, ...guides.filter((path) => path.endsWith('.md'))].map((path) => ({
    path,
    text: readFileSync(join(REPOSITORY, path), 'utf8'),
  }));
}

/** Contents of the fenced blocks with this info string. */
export function fencedBlocks(text: string, info: string): string[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === info)
    .map(([, , body]) => body!);
}

/** Rows of the table between the comments `<!-- name:begin … -->` and `<!-- name:end -->`, without its head. */
export function markedTable(text: string, name: string): string[][] {
  const [, section] = new RegExp(`<!-- ${name}:begin[^>]*-->\\n([\\s\\S]*?)<!-- ${name}:end -->`).exec(text)!;
  const rows = section!.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The anchors that GitHub gives to the headings of a document. */
export function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

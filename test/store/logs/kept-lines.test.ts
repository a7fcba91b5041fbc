import { scratchFolder } from '../../helpers/scratch-folder';
import { startStoreChild } from '../../helpers/store-child';

const scratch = scratchFolder();

describe('of a log that is larger than the memory', () => {
  test.each([
    ['search', 'the hits of a search', 50],
    ['end', 'the end, as what tells of a failure', 100],
    ['attempts', 'the last lines of an attempt', 100],
    ['writers', 'where writers that are opened again would resume', 200],
  ])('can be kept (%s): %s', async (way, _, lines) => {
    const child = startStoreChild('keep-little', [scratch.path, way], { heapMiB: 40 });

    expect(await child.firstLine).toBe(String(lines));
  });
});

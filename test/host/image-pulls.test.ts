import type { ImageInfo, PullOptions } from '../../docker/engine';
import { createImagePulls } from '../../host/image-pulls';
import { deferred } from '../helpers/deferred';

const IMAGE: ImageInfo = { id: 'sha256:1', digest: null, sizeBytes: 1, architecture: 'amd64' };

/** Pulls that end when the test says so. */
function pullsUnderTest() {
  const started: { reference: string; options: PullOptions; end: ReturnType<typeof deferred<ImageInfo>> }[] = [];
  const pulls = createImagePulls({
    pullImage: (reference, options) => {
      const end = deferred<ImageInfo>();
      options.signal.addEventListener('abort', () => end.reject(options.signal.reason as Error));
      started.push({ reference, options, end });
      return end.promise;
    },
  });
  return { pulls, started };
}

describe('createImagePulls', () => {
  it('pulls once for all who ask for one image, and once more afterwards', async () => {
    const { pulls, started } = pullsUnderTest();
    const { signal } = new AbortController();
    const both = [pulls.pull('a', { silenceMs: 1, signal }), pulls.pull('a', { silenceMs: 1, signal })];
    const other = pulls.pull('b', { silenceMs: 1, signal });
    expect(started.map(({ reference }) => reference)).toEqual(['a', 'b']);

    started[0]!.end.resolve(IMAGE);
    expect(await Promise.all(both)).toEqual([IMAGE, IMAGE]);
    void pulls.pull('a', { silenceMs: 1, signal });
    expect(started.map(({ reference }) => reference)).toEqual(['a', 'b', 'a']);
    started[1]!.end.reject(new Error('no such image'));
    await expect(other).rejects.toThrow('no such image');
  });

  it('goes on when one of those who wait gives up, and ends when the last does', async () => {
    const { pulls, started } = pullsUnderTest();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = pulls.pull('a', { silenceMs: 1, signal: one.signal });
    const second = pulls.pull('a', { silenceMs: 1, signal: two.signal });

    one.abort(new Error('first gave up'));
    await expect(first).rejects.toThrow('first gave up');
    expect(started[0]!.options.signal.aborted).toBe(false);
    two.abort(new Error('second gave up'));
    await expect(second).rejects.toThrow('second gave up');
    expect(started[0]!.options.signal.aborted).toBe(true);
  });

  it('begins anew for who comes after a pull was given up', async () => {
    const { pulls, started } = pullsUnderTest();
    const gone = new AbortController();
    const first = pulls.pull('a', { silenceMs: 1, signal: gone.signal });
    gone.abort(new Error('gave up'));
    await expect(first).rejects.toThrow('gave up');

    const second = pulls.pull('a', { silenceMs: 1, signal: new AbortController().signal });
    started[1]!.end.resolve(IMAGE);
    expect(await second).toEqual(IMAGE);
  });

  it('tells the newest progress while the pull lasts', async () => {
    const { pulls, started } = pullsUnderTest();
    const pulling = pulls.pull('a', { silenceMs: 1, signal: new AbortController().signal });
    expect(pulls.progress('a')).toBeUndefined();
    const progress = { phase: 'downloading', currentBytes: 1, totalBytes: 2 } as const;
    started[0]!.options.onProgress?.(progress);
    expect(pulls.progress('a')).toEqual(progress);
    started[0]!.end.resolve(IMAGE);
    await pulling;
    expect(pulls.progress('a')).toBeUndefined();
  });
});

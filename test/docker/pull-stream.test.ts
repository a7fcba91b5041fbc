import { EngineError, EngineUnavailableError, ImageNotFoundError, RegistryUnavailableError } from '../../docker/errors';
import { readPullStream, type PullProgress } from '../../docker/pull-stream';

const START = { status: 'Pulling from digits', id: '1' };
const FINAL = { status: 'Status: Downloaded newer image for 127.0.0.1:5000/digits:1' };

test('bytes are summed over the layers, first those fetched, then those extracted', async () => {
  const seen = await progressOf([
    START,
    { status: 'Pulling fs layer', progressDetail: {}, id: 'aaa' },
    { status: 'Pulling fs layer', progressDetail: {}, id: 'bbb' },
    { status: 'Downloading', progressDetail: { current: 10, total: 100 }, id: 'aaa' },
    { status: 'Downloading', progressDetail: { current: 5, total: 50 }, id: 'bbb' },
    { status: 'Download complete', progressDetail: {}, id: 'bbb' },
    { status: 'Download complete', progressDetail: {}, id: 'aaa' },
    { status: 'Extracting', progressDetail: { current: 40, total: 100 }, id: 'aaa' },
    { status: 'Pull complete', progressDetail: {}, id: 'aaa' },
    { status: 'Pull complete', progressDetail: {}, id: 'bbb' },
    { status: 'Digest: sha256:abc' },
    FINAL,
  ]);
  expect(seen.map(({ phase, currentBytes, totalBytes }) => `${phase} ${currentBytes}/${totalBytes}`)).toEqual([
    'resolving 0/0',
    'resolving 0/0',
    'resolving 0/0',
    'downloading 10/100',
    'downloading 15/150',
    'downloading 60/150',
    'extracting 0/150',
    'extracting 40/150',
    'extracting 100/150',
    'extracting 150/150',
    'extracting 150/150',
    'extracting 150/150',
  ]);
});

test('a layer that is extracted while another is still fetched does not end the download', async () => {
  const seen = await progressOf([
    { status: 'Pulling fs layer', id: 'aaa' },
    { status: 'Pulling fs layer', id: 'bbb' },
    { status: 'Downloading', progressDetail: { current: 100, total: 100 }, id: 'aaa' },
    { status: 'Extracting', progressDetail: { current: 90, total: 100 }, id: 'aaa' },
    { status: 'Retrying in 5 seconds', id: 'bbb' },
    FINAL,
  ]);
  expect(seen.at(-1)).toEqual({ phase: 'downloading', currentBytes: 100, totalBytes: 100 });
});

test('layers that are there already, and an image that is up to date, are no work', async () => {
  const seen = await progressOf([
    START,
    { status: 'Already exists', id: 'aaa' },
    { status: 'Status: Image is up to date for digits:1' },
  ]);
  expect(seen.at(-1)).toEqual({ phase: 'resolving', currentBytes: 0, totalBytes: 0 });
});

test('an error in any line is the error of the pull, even with a final status after it', async () => {
  const message = 'error pulling image configuration: download failed after attempts=1: dial tcp: i/o timeout';
  await expect(progressOf([START, { errorDetail: { message }, error: message }, FINAL])).rejects.toThrow(
    RegistryUnavailableError,
  );
});

test('the old form of an error, without its detail, is one as well', async () => {
  await expect(progressOf([{ error: 'manifest unknown: manifest unknown' }])).rejects.toThrow(ImageNotFoundError);
});

test('an error without a text is still an error', async () => {
  await expect(progressOf([START, { errorDetail: {}, error: '' }, FINAL])).rejects.toThrow(EngineError);
});

test('a stream that ends without a final status is a failure', async () => {
  const cut = [START, { status: 'Pull complete', id: 'aaa' }, { status: 'Digest: sha256:abc' }];
  await expect(progressOf(cut)).rejects.toThrow(EngineUnavailableError);
  await expect(progressOf([])).rejects.toThrow(EngineUnavailableError);
});

test('lines are put together across chunks, also where a character is cut', async () => {
  const bytes = Buffer.from(`${JSON.stringify({ status: 'Gr\u00fc\u00dfe', id: 'aaa' })}\r\n${JSON.stringify(FINAL)}`);
  for (let cut = 0; cut <= bytes.length; cut++) {
    await expect(collect([bytes.subarray(0, cut), bytes.subarray(cut)])).resolves.toBeDefined();
  }
});

test('a line that is no JSON, and one that never ends, are refused', async () => {
  await expect(collect([Buffer.from('<html>502</html>\n')])).rejects.toThrow(EngineError);
  await expect(collect(Array.from({ length: 40 }, () => Buffer.alloc(64 * 1024, 'x')))).rejects.toThrow(/has no end/);
});

/** One chunk for each message. */
function progressOf(messages: readonly object[]): Promise<PullProgress[]> {
  return collect(messages.map((message) => Buffer.from(`${JSON.stringify(message)}\r\n`)));
}

async function collect(chunks: readonly Buffer[]): Promise<PullProgress[]> {
  const seen: PullProgress[] = [];
  for await (const progress of readPullStream(from(chunks))) seen.push(progress);
  return seen;
}

async function* from(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

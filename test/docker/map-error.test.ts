import {
  CommandNotRunnableError,
  DiskFullError,
  EngineError,
  EngineUnavailableError,
  ImageAccessDeniedError,
  ImageNotFoundError,
  ImageUnusableError,
  NotFoundError,
  RegistryUnavailableError,
} from '../../docker/errors';
import { mapError, mapPullMessage } from '../../docker/map-error';

const HOST = 'unix:///run/some.sock';

test.each([
  'ENOENT',
  'ECONNREFUSED',
  'EACCES',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'HPE_INVALID_CONSTANT',
])('%s of the socket means that the engine does not answer, and the message names the socket', (code) => {
  const cause = Object.assign(new Error(`connect ${code} /run/some.sock`), { code });
  const mapped = mapError(cause, 'other', HOST);
  expect(mapped).toBeInstanceOf(EngineUnavailableError);
  expect((mapped as Error).message).toContain(HOST);
  expect((mapped as Error).cause).toBe(cause);
});

test('an answer from a proxy that cannot reach the engine means the same', () => {
  expect(mapError(answer(502, 'Bad Gateway'), 'other', HOST)).toBeInstanceOf(EngineUnavailableError);
});

// The texts are those of engines and registries, word for word.
test.each([
  [
    ImageNotFoundError,
    "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  [ImageNotFoundError, 'manifest for 127.0.0.1:5000/none:1 not found: manifest unknown: manifest unknown'],
  [ImageNotFoundError, 'repository 127.0.0.1:5000/none not found: name unknown: repository name not known to registry'],
  [ImageNotFoundError, 'failed to resolve reference "127.0.0.1:5000/none:1": 127.0.0.1:5000/none:1: not found'],
  [ImageAccessDeniedError, 'Get "http://127.0.0.1:5000/v2/x/manifests/1": no basic auth credentials'],
  [ImageAccessDeniedError, 'unauthorized: authentication required'],
  [ImageAccessDeniedError, 'Head "https://ghcr.io/v2/a/b/manifests/1": denied: denied'],
  [ImageUnusableError, 'no matching manifest for linux/amd64 in the manifest list entries'],
  [
    ImageUnusableError,
    'image operating system "windows" cannot be used on this platform: operating system is not supported',
  ],
  [ImageUnusableError, 'failed to register layer: lchown /etc/shadow: permission denied'],
  [RegistryUnavailableError, 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'],
  [RegistryUnavailableError, 'Get "https://registry.invalid/v2/": dial tcp: lookup registry.invalid: no such host'],
  [RegistryUnavailableError, 'Get "https://r/v2/": net/http: TLS handshake timeout'],
  [RegistryUnavailableError, 'Get "https://r/v2/": net/http: request canceled while waiting for connection'],
  [RegistryUnavailableError, 'received unexpected HTTP status: 503 Service Unavailable'],
  [RegistryUnavailableError, 'toomanyrequests: You have reached your pull rate limit.'],
  [RegistryUnavailableError, 'filesystem layer verification failed for digest sha256:00'],
  [RegistryUnavailableError, 'unexpected EOF'],
  [DiskFullError, 'failed to register layer: write /usr/lib/x.so: no space left on device'],
  [EngineError, 'something that nobody has seen before'],
])('in a pull, %p is what is meant by: %s', (type, message) => {
  expect(mapPullMessage(message)).toBeInstanceOf(type);
  expect(mapError(answer(500, message), 'pull', HOST)).toBeInstanceOf(type);
});

test.each([
  [
    CommandNotRunnableError,
    'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown',
  ],
  [
    CommandNotRunnableError,
    'OCI runtime create failed: runc create failed: unable to start container process: exec: "/etc/passwd": permission denied: unknown',
  ],
  [CommandNotRunnableError, 'OCI runtime create failed: exec /train: exec format error: unknown'],
  [EngineError, 'network nowhere not found'],
  [EngineError, 'error mounting "/data" to rootfs: open /data: permission denied'],
  [DiskFullError, 'mkdir /var/lib/docker/overlay2/x: no space left on device'],
  [NotFoundError, 'No such container: 0123'],
])('at a start, %p is what is meant by: %s', (type, message) => {
  expect(mapError(answer(400, message), 'start', HOST)).toBeInstanceOf(type);
});

test('what an engine says of something else keeps its text and its status code', () => {
  const mapped = mapError(answer(409, 'the reason'), 'other', HOST);
  expect(mapped).toBeInstanceOf(EngineError);
  expect(mapped).toMatchObject({ message: 'the reason', statusCode: 409 });
});

test('the texts of a pull mean nothing in other calls', () => {
  expect(mapError(answer(500, 'unexpected EOF'), 'other', HOST)).toBeInstanceOf(EngineError);
});

test('a fault of our own, and what is mapped already, come back as they are', () => {
  for (const error of [new TypeError('x is not a function'), new NotFoundError('gone'), 'no error at all']) {
    expect(mapError(error, 'other', HOST)).toBe(error);
  }
});

/** As docker-modem puts it. */
function answer(statusCode: number, message: string): Error {
  return Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${message} `), { statusCode });
}

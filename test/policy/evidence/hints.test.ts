import { HINTS } from '../../../policy/evidence/hint-table';
import { hintFor, hintInLog } from '../../../policy/evidence/hints';
import type { Ending } from '../../../policy/outcome';
import { whereToLook } from '../../../policy/signals';

const inLines = (...lines: string[]) => hintInLog({ lines, traceback: null, network: 'bridge' })?.id;

/** What programs really print, for each row that is known by the log. */
const SAMPLES: Record<string, string[]> = {
  'cuda-out-of-memory': [
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB',
    'RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED',
    'ResourceExhaustedError: OOM when allocating tensor with shape[256,1024]',
    'jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1 bytes.',
  ],
  'gpu-ecc-error': [
    'RuntimeError: CUDA error: uncorrectable ECC error encountered',
    'NVRM: Xid (PCI:0000:3b:00): 48, pid=1, Double Bit ECC Error',
  ],
  'gpu-lost': ['NVRM: Xid 79, GPU has fallen off the bus.', 'all CUDA-capable device(s) is/are busy or unavailable'],
  'gpu-driver-too-old': [
    'CUDA error: CUDA driver version is insufficient for CUDA runtime version',
    'RuntimeError: The NVIDIA driver on your system is too old (found version 11040).',
    'nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.4',
  ],
  'torch-without-cuda': ['AssertionError: Torch not compiled with CUDA enabled'],
  'gpu-driver-missing': [
    'RuntimeError: Found no NVIDIA driver on your system.',
    'RuntimeError: No CUDA GPUs are available',
    'OSError: libcuda.so.1: cannot open shared object file: No such file or directory',
    'sh: 1: nvidia-smi: not found',
    'could not select device driver "" with capabilities: [[gpu]]',
  ],
  'gpu-model-unsupported': ['CUDA error: no kernel image is available for execution on the device'],
  'gpu-assertion': ['RuntimeError: CUDA error: device-side assert triggered'],
  'shm-too-small': [
    'RuntimeError: DataLoader worker (pid 23) is killed by signal: Bus error. It is possible that ...',
    'RuntimeError: unable to write to file </torch_12_34>',
    "OSError: [Errno 28] No space left on device: '/dev/shm/psm_1'",
    'ERROR: Unexpected bus error encountered in worker. This might be caused by insufficient shared memory (shm).',
  ],
  'disk-full': ['OSError: [Errno 28] No space left on device', 'OSError: [Errno 122] Disk quota exceeded'],
  'memory-refused': [
    'MemoryError',
    "terminate called after throwing an instance of 'std::bad_alloc'",
    'numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB for an array with shape (1000000000,)',
    "RuntimeError: DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes.",
  ],
  'worker-killed': ['RuntimeError: DataLoader worker (pid 7) is killed by signal: Killed. '],
  'pids-limit': [
    "RuntimeError: can't start new thread",
    'sh: 1: Cannot fork',
    'bash: fork: retry: Resource temporarily unavailable',
    'libgomp: Thread creation failed: Resource temporarily unavailable',
  ],
  'too-many-open-files': [
    "OSError: [Errno 24] Too many open files: '/data/1.png'",
    'RuntimeError: received 0 items of ancdata',
  ],
  'wrong-architecture': [
    '[FATAL tini (7)] exec python3 failed: Exec format error',
    'no matching manifest for linux/arm64/v8 in the manifest list entries',
    'Illegal instruction (core dumped)',
  ],
  'library-missing': [
    'python3: error while loading shared libraries: libpython3.11.so.1.0: cannot open shared object file',
    'ImportError: libGL.so.1: cannot open shared object file: No such file or directory',
    "/lib/libc.so.6: version `GLIBC_2.34' not found",
  ],
  'module-not-found': ["ModuleNotFoundError: No module named 'torch'", '/usr/bin/python3: No module named train'],
  'name-not-resolved': [
    'curl: (6) Could not resolve host: example.org',
    'socket.gaierror: [Errno -3] Temporary failure in name resolution',
  ],
  'network-unreachable': ['OSError: [Errno 101] Network is unreachable', 'OSError: [Errno 113] No route to host'],
  'address-in-use': ['OSError: [Errno 98] Address already in use', 'Error: listen EADDRINUSE: :::29500'],
  'file-damaged': [
    '_pickle.UnpicklingError: pickle data was truncated',
    'EOFError: Ran out of input',
    'RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory',
    'safetensors_rust.SafetensorError: Error while deserializing header: HeaderTooLarge',
    'zipfile.BadZipFile: File is not a zip file',
  ],
  'other-model': [
    'RuntimeError: Error(s) in loading state_dict for Net:',
    'size mismatch for fc.weight: copying a param with shape torch.Size([10, 64])',
  ],
  'read-only': ["OSError: [Errno 30] Read-only file system: '/data/out'"],
  'permission-denied': [
    "PermissionError: [Errno 13] Permission denied: '/data/x'",
    'sh: 1: cannot create x: Permission denied',
  ],
  'file-not-found': [
    "FileNotFoundError: [Errno 2] No such file or directory: '/data/x'",
    "python3: can't open file '/artifacts/train.py': [Errno 2]",
  ],
  'wrong-arguments': [
    'train.py: error: unrecognized arguments: --epoch 3',
    "train.py: error: argument --lr: invalid float value: 'a'",
  ],
  'nccl-timeout': [
    '[Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=4, OpType=ALLREDUCE)',
    'torch.distributed.DistStoreError: Timed out after 601 seconds waiting for clients. 1/2 clients joined. c10d timeout',
  ],
  'nccl-error': ['torch.distributed.DistBackendError: NCCL error in: ../ProcessGroupNCCL.cpp:1', 'ncclSystemError: 1'],
  'connection-lost': [
    'ConnectionRefusedError: [Errno 111] Connection refused',
    'ConnectionResetError: [Errno 104] Connection reset by peer',
    'BrokenPipeError: [Errno 32] Broken pipe',
  ],
  'loss-not-a-number': ['step 40 loss=nan', 'epoch 3 loss: NaN', '{"loss": NaN}', 'ValueError: Input contains NaN.'],
};

describe('a row of the table of hints', () => {
  it.each(Object.entries(SAMPLES).flatMap(([id, lines]) => lines.map((line) => [id, line] as const)))(
    '%s is known by: %s',
    (id, line) => {
      expect(inLines('epoch 1', line)).toBe(id);
    },
  );

  it('no-network is known by any wish for a network, where there is none', () => {
    for (const line of [...SAMPLES['name-not-resolved']!, ...SAMPLES['network-unreachable']!]) {
      expect(hintInLog({ lines: [line], traceback: null, network: 'none' })?.id).toBe('no-network');
    }
  });

  it.each<[string, Ending]>([
    ['memory-limit', { reason: 'out-of-memory', exitCode: 137, detail: {} }],
    ['host-out-of-memory', { reason: 'killed-by-signal', exitCode: 137, detail: { signal: 'SIGKILL' } }],
    ['bus-error', { reason: 'killed-by-signal', exitCode: 135, detail: { signal: 'SIGBUS' } }],
  ])('%s is known by the ending alone', (id, ending) => {
    expect(hintFor(ending, null)?.id).toBe(id);
  });

  it('has a sample here, an id of its own, and one sentence with a mend', () => {
    const byEnding = ['no-network', 'memory-limit', 'host-out-of-memory', 'bus-error'];
    expect(HINTS.map(({ id }) => id).toSorted()).toEqual([...Object.keys(SAMPLES), ...byEnding].toSorted());
    for (const { sentence } of HINTS) expect(sentence).toMatch(/^[^.]+[:,;].+\.$/);
  });

  it('repeats nothing without a bound, so that no line can make it slow', () => {
    const unbounded = HINTS.filter(({ log }) => /(?<!\\)[*+]|\{\d+,\}/.test(log?.source ?? ''));
    expect(unbounded).toEqual([]);
  });
});

describe('hintInLog', () => {
  it('finds nothing where no row fits, and in none', () => {
    expect(inLines('epoch 3 loss=0.1', 'done')).toBeUndefined();
    expect(inLines()).toBeUndefined();
  });

  it('takes the exception before a warning that stands above it', () => {
    const lines = ["warning: No module named 'apex', going on", 'OSError: [Errno 28] No space left on device'];
    const traceback = { type: 'OSError', message: '[Errno 24] Too many open files' };
    expect(hintInLog({ lines, traceback, network: null })?.id).toBe('too-many-open-files');
  });

  it('takes a cause that some line names before an exception that it brought about', () => {
    const lines = ['[rank1]: torch.OutOfMemoryError: CUDA out of memory.', 'NCCL error'];
    const traceback = { type: 'DistBackendError', message: 'NCCL error in: x.cpp' };
    expect(hintInLog({ lines, traceback, network: null })?.id).toBe('cuda-out-of-memory');
    expect(hintInLog({ lines: [], traceback, network: null })).toBeNull();
    expect(hintInLog({ lines: ['NCCL error'], traceback, network: null })?.id).toBe('nccl-error');
  });

  it('leaves what stands far up alone', () => {
    const far = ['OSError: [Errno 28] No space left on device', ...Array.from({ length: 300 }, () => 'fine')];
    expect(inLines(...far)).toBeUndefined();
  });
});

describe('hintFor', () => {
  const inLog = { id: 'disk-full', sentence: 'x' };

  it('knows a memory limit that was reached better than the log does', () => {
    expect(hintFor({ reason: 'out-of-memory', exitCode: 1, detail: {} }, inLog)?.id).toBe('memory-limit');
  });

  it('takes the log before a guess by the signal', () => {
    const ending: Ending = { reason: 'killed-by-signal', exitCode: 137, detail: { signal: 'SIGKILL' } };
    expect(hintFor(ending, inLog)).toBe(inLog);
  });

  it('reads what the engine said where nothing was started', () => {
    const detail = { detail: 'no matching manifest for linux/arm64/v8 in the manifest list entries' };
    expect(hintFor({ reason: 'image-unusable', exitCode: null, detail }, null)?.id).toBe('wrong-architecture');
  });

  it('says nothing of an exit code alone, nor of our own words', () => {
    expect(hintFor({ reason: 'exit-code', exitCode: 1, detail: { exitCode: 1 } }, null)).toBeNull();
    const detail = { signal: 'SIGPIPE', detail: whereToLook('SIGPIPE') };
    expect(hintFor({ reason: 'killed-by-signal', exitCode: 141, detail }, null)).toBeNull();
  });
});

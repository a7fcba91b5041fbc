import type { EndReason } from '../../contract/reason';

/** A failure that is known by what it leaves in a log, or by how the attempt ended, and what helps. */
export interface HintRow {
  id: string;
  /**
   * Found in one line of the end of the log; absent where the ending alone tells. It repeats nothing without a bound, so that
   * what it costs grows with the length of the line and no faster.
   */
  log?: RegExp;
  /** Only for attempts that ended so. */
  reasons?: readonly EndReason[];
  /** Only for commands that were ended by one of these. */
  signals?: readonly string[];
  /** Only for containers with this network. */
  network?: 'none';
  /** True for what is often only seen of another failure, which is then the better hint. */
  isConsequence?: boolean;
  /** What it most likely is, and the mend. */
  sentence: string;
}

/** Of several that fit, the first counts, so causes stand before what they bring about. docs/evidence.md shows the table. */
export const HINTS: readonly HintRow[] = [
  {
    id: 'memory-limit',
    reasons: ['out-of-memory'],
    sentence:
      'The memory limit of the container was reached: raise `resources.memory`, or use smaller batches or fewer worker processes, each of which takes its own.',
  },
  {
    id: 'cuda-out-of-memory',
    log: /(cuda|hip) out of memory|cuda_error_out_of_memory|(cudnn|cublas)_status_alloc_failed|oom when allocating tensor|resource_exhausted: out of memory/i,
    sentence:
      'The memory of the GPU was used up: use a smaller batch, accumulate gradients, or recompute activations; and see whether something else uses the GPU.',
  },
  {
    id: 'gpu-ecc-error',
    log: /uncorrectable ecc error|ecc error was detected|cuda_error_ecc|cudaerrorecc|xid.{0,40}: (48|63|64|94|95),/i,
    sentence:
      'The memory of a GPU is failing (ECC): run on another GPU or host, and have this one reset and looked at.',
  },
  {
    id: 'gpu-lost',
    log: /fallen off the bus|unable to determine the device handle for gpu|cuda-capable device\(s\) is\/are busy or unavailable/i,
    sentence: 'A GPU does not answer or is taken: run on another host, and have the GPU of this one reset.',
  },
  {
    id: 'gpu-driver-too-old',
    log: /driver version is insufficient for cuda runtime|nvidia driver on your system is too old|forward compatibility was attempted on non supported hw|unsatisfied condition: cuda/i,
    sentence:
      'The GPU driver of the host is older than the CUDA of the image: update the driver, or use an image with an older CUDA.',
  },
  {
    id: 'torch-without-cuda',
    log: /torch not compiled with cuda enabled/i,
    sentence: 'The PyTorch of the image was built without CUDA: use an image with a CUDA build, or train on the CPU.',
  },
  {
    id: 'gpu-driver-missing',
    log: /found no nvidia driver|no cuda gpus are available|no cuda-capable device is detected|libcuda\.so\.1: cannot open|nvidia-smi: (command )?not found|could not select device driver/i,
    sentence:
      'The container sees no GPU or no GPU driver: run it on a host that has both, with the NVIDIA Container Toolkit, or train on the CPU.',
  },
  {
    id: 'gpu-model-unsupported',
    log: /no kernel image is available for execution on the device|is not compatible with the current pytorch installation/i,
    sentence: 'The image has no code for this model of GPU: use a build of the framework that was made for it.',
  },
  {
    id: 'gpu-assertion',
    log: /device-side assert triggered|an illegal memory access was encountered/i,
    sentence:
      'Code on the GPU went wrong, most often for a label or an index that is out of range: run it on the CPU, or with `CUDA_LAUNCH_BLOCKING=1`, to see where.',
  },
  {
    id: 'shm-too-small',
    log: /dataloader worker.{0,80}bus error|insufficient shared memory|out of shared memory|\/dev\/shm.{0,200}no space left|no space left on device.{0,200}\/dev\/shm|unable to (write to|open shared memory|allocate shared memory).{0,80}(torch_|\/dev\/shm)/i,
    sentence: '`/dev/shm` is too small for what worker processes share: raise `resources.shm`, or use fewer workers.',
  },
  {
    id: 'disk-full',
    log: /no space left on device|disk quota exceeded|\benospc\b/i,
    sentence:
      'A disk is full: make room where the mounts and artifacts of the run lie on the host, or write less; `/dev/shm` is set by `resources.shm`.',
  },
  {
    id: 'memory-refused',
    log: /\bmemoryerror\b|std::bad_alloc|cannot allocate memory|can't allocate memory|unable to allocate .{1,40} for an array/i,
    sentence: 'The program asked for memory and got none: raise `resources.memory`, or load the data in parts.',
  },
  {
    id: 'worker-killed',
    log: /dataloader worker.{0,80}killed by signal: (killed|terminated)|a process in the process pool was terminated abruptly/i,
    sentence:
      'A worker process of the program was killed, most often for want of memory: raise `resources.memory`, or use fewer workers.',
  },
  {
    id: 'pids-limit',
    log: /can't start new thread|cannot fork|fork: (retry|resource temporarily unavailable)|unable to create (new )?native thread|pthread_create failed|thread creation failed: resource temporarily/i,
    sentence:
      'The container may not have more processes and threads: raise `resources.pids`, or use fewer workers and threads.',
  },
  {
    id: 'too-many-open-files',
    log: /too many open files|\bemfile\b|received 0 items of ancdata/i,
    sentence:
      'Too many files are open at once: close them after use, use fewer workers, or call `torch.multiprocessing.set_sharing_strategy("file_system")`.',
  },
  {
    id: 'wrong-architecture',
    log: /exec format error|no matching manifest for|does not match the (detected host|specified) platform|wrong elf class|illegal instruction/i,
    sentence:
      "The image or the program is made for another kind of processor than the host's: build it for the host's, or run it on a host that fits.",
  },
  {
    id: 'library-missing',
    log: /error while loading shared libraries|\.so[.\d]{0,20}: cannot open shared object file|version `glibc\w{0,20}[.\d]{0,20}' not found/i,
    sentence: 'A system library is missing in the image or too old there: install it in the image.',
  },
  {
    id: 'module-not-found',
    log: /modulenotfounderror|no module named /i,
    sentence:
      'A Python module is missing in the image: install it there; or see whether the folder of the code is the right one.',
  },
  {
    id: 'no-network',
    network: 'none',
    log: /network is unreachable|temporary failure in name resolution|name or service not known|could not resolve host|failed to resolve|getaddrinfo|nodename nor servname|no route to host|\benetunreach\b/i,
    sentence:
      'The program wanted to use the network, and the run has none: set `network: egress`, or bring what it needs in the image or a mount.',
  },
  {
    id: 'name-not-resolved',
    log: /temporary failure in name resolution|name or service not known|could not resolve host|failed to resolve|getaddrinfo (failed|enotfound|eai_again)|nodename nor servname/i,
    sentence:
      'The name of a machine could not be resolved: see how it is spelled, and which DNS servers the host uses.',
  },
  {
    id: 'network-unreachable',
    log: /network is unreachable|no route to host|\benetunreach\b|\behostunreach\b/i,
    sentence: 'There is no way to an address: see the network of the host, and the `network` of the run.',
  },
  {
    id: 'address-in-use',
    log: /address already in use|\beaddrinuse\b/i,
    sentence:
      'A port is taken by another process of the same container: let each listen to its own, such as another `MASTER_PORT`.',
  },
  {
    id: 'file-damaged',
    log: /pickle data was truncated|unpicklingerror|eoferror: ran out of input|pytorchstreamreader failed|failed finding central directory|invalid load key|badzipfile|file is not a zip file|safetensors?error|compressed file ended before|unable to (synchronously )?open (file|object) .{0,20}truncated/i,
    sentence:
      'A checkpoint or a data file is cut off or damaged: use the one before; and write such files under another name first, then rename them.',
  },
  {
    id: 'other-model',
    log: /error\(s\) in loading state_dict|size mismatch for |(missing|unexpected) key\(s\) in state_dict/i,
    sentence: 'The checkpoint is of another model than the program makes: use the settings that it was trained with.',
  },
  {
    id: 'read-only',
    log: /read-only file system|\berofs\b/i,
    sentence:
      'The program wrote where it may only read: write below `/artifacts`, or mount the folder without `readOnly`.',
  },
  {
    id: 'permission-denied',
    log: /permission denied|permissionerror|\beacces\b/i,
    sentence:
      'The user of the container may not use a file: let the files on the host belong to `user` of the run (1000:1000 by default), or set `user`.',
  },
  {
    id: 'file-not-found',
    log: /filenotfounderror|no such file or directory|\benoent\b|can't open file/i,
    sentence: 'A file is not there in the container: see the `target` of the mounts and the paths in the command.',
  },
  {
    id: 'wrong-arguments',
    log: /error: (unrecognized arguments|the following arguments are required|argument .{1,80}: (invalid|expected))/i,
    sentence: 'The program does not take the arguments that it was given: see `command` and `params`.',
  },
  {
    id: 'nccl-timeout',
    log: /watchdog caught collective operation timeout|(nccl|gloo|c10d).{0,200}(timed out|timeout)|timed out waiting for clients/i,
    isConsequence: true,
    sentence:
      'A process waited in vain for another one of its group: look for the one that failed or fell behind first; where none did, raise the timeout of the group.',
  },
  {
    id: 'nccl-error',
    log: /ncclsystemerror|ncclunhandledcudaerror|ncclinternalerror|ncclremoteerror|nccl error/i,
    isConsequence: true,
    sentence:
      'GPUs could not talk to each other: look for the process that failed first; `NCCL_DEBUG=INFO` tells more, and `resources.shm` may be too small.',
  },
  {
    id: 'connection-lost',
    log: /connection (refused|reset by peer|closed by peer)|broken ?pipe ?(error)?|\beconnrefused\b|\beconnreset\b/i,
    isConsequence: true,
    sentence: 'The other end of a connection was not there or went away: look for what ended it first.',
  },
  {
    id: 'loss-not-a-number',
    log: /\bloss["']?[ :=]{0,4}nan\b|\bloss is (nan|not finite|infinite)|non-?finite loss|input contains nan|returned nan values|nan or inf found|found (nan|inf)/i,
    isConsequence: true,
    sentence: 'The loss became no number (NaN): lower the learning rate, clip gradients, and look for bad data.',
  },
  {
    id: 'host-out-of-memory',
    reasons: ['killed-by-signal'],
    signals: ['SIGKILL'],
    sentence:
      'Something besides Trainyard killed the command below its own memory limit: if nobody used `docker kill`, the host was short of memory, and its kernel log (dmesg) says so; run less on it at once.',
  },
  {
    id: 'bus-error',
    reasons: ['killed-by-signal'],
    signals: ['SIGBUS'],
    sentence:
      'The command touched memory behind which there was no more room, as happens when `/dev/shm` is full: raise `resources.shm`.',
  },
];

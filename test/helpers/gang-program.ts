import { python } from '../host/helpers';

/** Sums the ranks of all nodes at the first of them, which tells the others; as training programs meet by MASTER_ADDR. */
const SUM = `
import os, socket, sys, time
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
attempt = os.environ["TRAINYARD_ATTEMPT"]
address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
print("rank", rank, "of", size, "run", os.environ["TRAINYARD_RUN_ID"], "attempt", attempt)
def meet():
    for _ in range(600):
        try: return socket.create_connection(address, 5)
        except OSError: time.sleep(0.1)
    sys.exit("the first node cannot be reached")
if rank == 0:
    listener = socket.create_server(("", address[1]))
    others = [listener.accept()[0] for _ in range(size - 1)]
    total = sum(int(other.recv(16)) for other in others)
    for other in others: other.sendall(str(total).encode())
else:
    first = meet()
    first.sendall(str(rank).encode())
    total = int(first.recv(16))
print("sum", total)
# All have printed before any goes on.
if rank == 0:
    for other in others: other.recv(1)
    for other in others: other.sendall(b".")
else:
    first.sendall(b".")
    first.recv(1)
`;

/** What its node prints, where all nodes met. */
export function summed(gangId: string, { rank, of, attempt = 1 }: { rank: number; of: number; attempt?: number }) {
  return [`rank ${rank} of ${of} run ${gangId} attempt ${attempt}`, `sum ${(of * (of - 1)) / 2}`];
}

/**
 * The command of a gang whose nodes sum their ranks.
 *
 * @param failing by attempt, the rank that fails once all have printed, with the number of its attempt as exit code; the others
 * then wait to be stopped.
 */
export function sumOfRanks(failing: Record<string, number> = {}): string[] {
  return python(`${SUM}
failing = ${JSON.stringify(failing)}.get(attempt)
if failing == rank: sys.exit(int(attempt))
if failing is not None: time.sleep(600)
`);
}

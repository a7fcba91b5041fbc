"""The training that chaos is made around: prints numbered lines, and writes down beside Trainyard what it did.

CHAOS_PLAN holds what each execution does, the first one first, as JSON. /truth is a folder of the host that nothing of Trainyard's knows of:
  executions.jsonl    one record at the start of each execution and one at its end
  ATTEMPT-NONCE.txt   each line before it is printed: stream, number, and how many blocks of padding make it long
"""

import fcntl
import json
import os
import signal
import socket
import sys
import time
import uuid

TRUTH = "/truth"
run = os.environ["TRAINYARD_RUN_ID"]
attempt = int(os.environ["TRAINYARD_ATTEMPT"])
nonce = uuid.uuid4().hex[:8]
asked_to_end = False
descriptors = {"stdout": 1, "stderr": 2}
unprinted = {}


def record(event, **more):
    entry = {"event": event, "attempt": attempt, "nonce": nonce, "at": int(time.time() * 1000), **more}
    write(executions, f"{json.dumps(entry)}\n")


def write(descriptor, text):
    # One call for a short text: what is written at once by several is never mixed. A long one may not fit into a pipe at once.
    rest = text.encode()
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def on_term(*_):
    global asked_to_end
    asked_to_end = True


def is_alone():
    """Whether no other execution of this run lives: the lock is on the host's file and goes with its holder."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False


def next_act():
    """By the attempts in which something ran before: one in which no container could be started takes nothing away."""
    with open(f"{TRUTH}/executions.jsonl") as records:
        before = {json.loads(record)["attempt"] for record in records} - {attempt}
    acts = json.loads(os.environ["CHAOS_PLAN"])
    return acts[min(len(before), len(acts) - 1)]


def blocks_of(number):
    """How many blocks of padding a line has; 0 where it is a short one."""
    every, blocks = act["longEvery"], act["blocks"]
    return blocks[number // every % len(blocks)] if blocks and number % every == 0 else 0


def padding(stream, number, blocks):
    """Tells of each piece of a line whose it is and which one; chaos/padding.ts knows it again."""
    owner = f"{nonce}{'o' if stream == 'stdout' else 'e'}{number}"
    return "".join(f"{owner}.{block}," for block in range(blocks)) + (" " if blocks else "")


def end_line(stream):
    """The end of a long line comes just before the next one of its stream, so that it is often open when something dies."""
    write(descriptors[stream], unprinted.pop(stream, ""))


def print_all():
    """False where it was asked to end before all was printed."""
    number = 0
    while True:
        for _ in range(act["burst"]):
            if asked_to_end:
                return False
            if act["lines"] is not None and number >= act["lines"]:
                return True
            number += 1
            stream = "stderr" if number % 5 == 0 else "stdout"
            blocks = blocks_of(number)
            write(truth, f"{stream} {number} {blocks}\n")
            line = f"{run} {attempt} {number} {padding(stream, number, blocks)}{nonce}\n"
            end_line(stream)
            shown = len(line) * 3 // 5 if blocks else len(line)
            write(descriptors[stream], line[:shown])
            unprinted[stream] = line[shown:]
        time.sleep(act["pauseMs"] / 1000)


flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
executions = os.open(f"{TRUTH}/executions.jsonl", flags, 0o644)
truth = os.open(f"{TRUTH}/{attempt}-{nonce}.txt", flags, 0o644)
lock = os.open(f"{TRUTH}/lock", flags, 0o644)
act = next_act()
signal.signal(signal.SIGTERM, signal.SIG_IGN if act["deaf"] else on_term)
record("start", alone=is_alone(), container=socket.gethostname())
time.sleep(act["quietMs"] / 1000)
exit_code = act["exitCode"] if print_all() else 143
for stream in descriptors:
    end_line(stream)
record("end", exitCode=exit_code)
sys.exit(exit_code)

"""Trains a classifier of handwritten digits and reports each epoch as one line of JSON.

The data are the 1,797 real scans of 8 x 8 pixels that come with scikit-learn, so nothing is fetched.

Parameters come from the command line, else from TRAINYARD_PARAM_<NAME>, else from /trainyard/params.json, else
from the defaults in PARAMETERS. A parameter that makes no sense ends the run with exit code 2 and one line on stderr.

With TRAINYARD_CHECKPOINT_DIR, each epoch leaves a checkpoint there. With TRAINYARD_RESUME=1 the training goes on from
TRAINYARD_CHECKPOINT, exactly as if it had never been interrupted.

SIGTERM ends the run after the batch at hand: the model as it is then gets saved, and the exit code is 143. What is gone on
from later is the checkpoint of the last whole epoch.
"""

import argparse
import json
import os
import signal
import sys
import time

ARTIFACTS = os.environ.get("TRAINYARD_ARTIFACTS_DIR", "/artifacts")
CHECKPOINTS = os.environ.get("TRAINYARD_CHECKPOINT_DIR")
RESUME_FROM = os.environ.get("TRAINYARD_CHECKPOINT") if os.environ.get("TRAINYARD_RESUME") == "1" else None
PARAMETERS_FILE = "/trainyard/params.json"

# name: (type, least, most, default)
PARAMETERS = {
    "epochs": (int, 1, 100_000, 3),
    "batch_size": (int, 1, 1_000, 16),
    "learning_rate": (float, 1e-6, 1.0, 0.003),
    "seed": (int, 0, 2**32 - 1, 1),
}


def main():
    stop = catch_stop()
    parameters = read_parameters(sys.argv[1:])
    check_folder(ARTIFACTS, "TRAINYARD_ARTIFACTS_DIR")
    if CHECKPOINTS:
        check_folder(CHECKPOINTS, "TRAINYARD_CHECKPOINT_DIR")
    finished, epochs = train(stop=stop, **parameters)
    if not finished:
        report(stopped="SIGTERM", epoch=epochs)
        return 128 + signal.SIGTERM
    return 0


def catch_stop():
    """Installed before the slow imports: as process 1 of a container, Python would ignore an early SIGTERM."""
    received = []
    signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    return lambda: bool(received)


def train(epochs, batch_size, learning_rate, seed, stop):
    """Returns whether all epochs were trained, and how many were."""
    # Half a second of imports, spent only once the parameters are known to be good.
    import numpy
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    pixels, digits = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        pixels / 16.0, digits, test_size=0.2, random_state=seed, stratify=digits
    )
    model = MLPClassifier(hidden_layer_sizes=(64,), learning_rate_init=learning_rate, random_state=seed)
    shuffle = numpy.random.default_rng(seed)
    history = []
    # What must be the same for the curve to go on; more epochs only make it longer.
    fixed = {"batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
    if RESUME_FROM:
        model, shuffle, history = load_checkpoint(RESUME_FROM, fixed, epochs)
        report(resumed=os.path.basename(RESUME_FROM), epoch=len(history), epochs=epochs)

    for epoch in range(len(history) + 1, epochs + 1):
        started = time.monotonic()
        losses = []
        order = shuffle.permutation(len(train_x))
        for start in range(0, len(order), batch_size):
            if stop():
                break
            batch = order[start : start + batch_size]
            model.partial_fit(train_x[batch], train_y[batch], classes=range(10))
            losses.append(model.loss_)
        if stop():
            break
        history.append(
            {
                "epoch": epoch,
                "epochs": epochs,
                "loss": round(float(numpy.mean(losses)), 6),
                "accuracy": round(float(model.score(test_x, test_y)), 6),
                "seconds": round(time.monotonic() - started, 3),
            }
        )
        report(**history[-1])
        # Last of all: killed in between, the epoch is trained and told once more, and none is missing.
        if CHECKPOINTS:
            save_checkpoint(model, shuffle, history, fixed)

    if hasattr(model, "coefs_"):
        save(model, history)
    return len(history) == epochs, len(history)


def save_checkpoint(model, shuffle, history, fixed):
    """All that the next epoch depends on; the model brings the state of its optimizer along."""
    import joblib

    state = {"model": model, "shuffle": shuffle, "history": history, "fixed": fixed}
    replace(os.path.join(CHECKPOINTS, f"epoch-{len(history):06}.joblib"), lambda path: joblib.dump(state, path))


def load_checkpoint(path, fixed, epochs):
    """Only ever what this run itself has written: to load a checkpoint is to run what is in it."""
    import joblib

    try:
        state = joblib.load(path)
        model, shuffle, history, before = (state[key] for key in ("model", "shuffle", "history", "fixed"))
    except Exception as error:
        fail(f"the checkpoint {path} cannot be read: {error!r}")
    for name, value in fixed.items():
        if before[name] != value:
            fail(f"the checkpoint {path} was made with {name}={before[name]}, not {value}; begin a new run")
    if len(history) > epochs:
        fail(f"the checkpoint {path} has {len(history)} epochs, and {epochs} are asked for; begin a new run")
    return model, shuffle, history


def save(model, history):
    import joblib

    replace(os.path.join(ARTIFACTS, "model.joblib"), lambda path: joblib.dump(model, path))
    replace(os.path.join(ARTIFACTS, "metrics.json"), lambda path: write_json(path, {"epochs": history}))


def replace(path, write):
    """Writes beside the file and renames what is whole and on the disk, so that nobody ever reads half of one."""
    write(path + ".part")
    with open(path + ".part", "rb") as file:
        os.fsync(file.fileno())
    os.replace(path + ".part", path)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def report(**values):
    print(json.dumps(values), flush=True)


def read_parameters(arguments):
    given = {**from_file(), **from_environment(), **from_command_line(arguments)}
    return {name: checked(name, given.get(name, default)) for name, (*_, default) in PARAMETERS.items()}


def from_file():
    try:
        with open(PARAMETERS_FILE, encoding="utf-8") as file:
            values = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        fail(f"{PARAMETERS_FILE} cannot be read: {error}")
    if not isinstance(values, dict):
        fail(f"{PARAMETERS_FILE} must hold a JSON object")
    return values


def from_environment():
    names = {name: f"TRAINYARD_PARAM_{name.upper()}" for name in PARAMETERS}
    return {name: os.environ[variable] for name, variable in names.items() if variable in os.environ}


def from_command_line(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.error = fail
    for name, (kind, least, most, default) in PARAMETERS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            default=argparse.SUPPRESS,
            metavar="N",
            help=f"{least:g} to {most:g}, default {default:g}",
        )
    return vars(parser.parse_args(arguments))


def checked(name, raw):
    kind, least, most, _ = PARAMETERS[name]
    try:
        value = kind(str(raw))
    except ValueError:
        fail(f"{name} must be a {'whole ' if kind is int else ''}number, not {raw!r}")
    # Written so that NaN, which is neither less nor more than anything, is refused too.
    if not least <= value <= most:
        fail(f"{name} must be between {least:g} and {most:g}, not {raw}")
    return value


def check_folder(path, variable):
    """Before training rather than after it."""
    if not os.access(path, os.W_OK | os.X_OK):
        fail(f"{path} is not a folder that user {os.getuid()} can write to; set {variable}")


def fail(message):
    print(f"train.py: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    sys.exit(main())

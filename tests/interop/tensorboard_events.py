"""Reads the event files of a run with the real TensorBoard and compares them with its history.csv.

Run by hand:  pip install tensorboard  &&  python tests/interop/tensorboard_events.py runs/NAME
"""
import csv
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = pathlib.Path(sys.argv[1])
events = EventAccumulator(str(run))
events.Reload()
rows = list(csv.DictReader(open(run / "history.csv")))
columns = {
    "loss/train": "train_loss",
    "loss/validation": "validation_loss",
    "accuracy/train": "train_accuracy",
    "accuracy/validation": "validation_accuracy",
    "learning_rate": "learning_rate",
    "images_per_second": "images_per_second",
}
for tag, column in columns.items():
    scalars = events.Scalars(tag)
    assert [s.step for s in scalars] == [int(row["epoch"]) for row in rows], tag
    for scalar, row in zip(scalars, rows):
        assert abs(scalar.value - float(row[column])) <= 1e-6 * abs(float(row[column])), (tag, scalar, row[column])
print(f"{len(columns)} curves of {len(rows)} epochs agree")

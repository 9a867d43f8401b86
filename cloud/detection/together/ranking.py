"""The alerts of a team that wait, by the model that is used for its community."""

from collections.abc import Mapping
from pathlib import Path

from cloud.db.pool import Connection
from cloud.detection.budget.release import Learned
from cloud.detection.limits import Limits
from cloud.detection.together import files, store
from cloud.detection.together.learning import facts_of


def learned(folder: Path, limits: Limits) -> Learned:
    """`folder` is the data folder of the centre."""

    def right_of(connection: Connection, team: int) -> Mapping[int, float]:
        if not (folder / files.FOLDER).is_dir():
            return {}
        code = next((code for code, region in store.communities(connection).items() if region == team), None)
        kept = None if code is None else files.used(folder, code)
        if kept is None:
            return {}
        waiting = store.waiting(connection, team)
        right = kept.model.right_of(facts_of(connection, waiting, limits))
        return {one.alert_id: float(value) for one, value in zip(waiting, right, strict=True)}

    return right_of

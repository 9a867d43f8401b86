"""What taking in a wish needs of the centre: its time, its promises, and the model that sorts."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from cloud.clock import Clock
from cloud.config import CloudConfig
from cloud.errors import CloudError
from cloud.model_files import Kept
from cloud.registry.demands import files
from cloud.registry.demands.model import Model

log = structlog.get_logger()


@dataclass(frozen=True)
class Centre:
    config: CloudConfig
    clock: Clock

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def model(self) -> Kept[Model] | None:
        """The one in use; None: none is, or it cannot be read, and people sort every wish."""
        try:
            return await asyncio.to_thread(files.used, Path(self.config.data))
        except CloudError as error:
            log.exception("demand_model", problem=str(error), what="people sort every wish")
            return None

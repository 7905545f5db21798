"""Station 9: acknowledgements that partners send for what we sent them."""

from collections.abc import Iterable

from gateway.domain.exchange import AckCode, DeliveryState, LogEvent, SetRecord, SetState
from gateway.domain.identity import content_id
from gateway.pipeline.plant import Plant

_SENT = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.VERIFIED)

"""Locks: take a copy, keep it, give it back; a coordinator takes it away."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from viatique.access import Permission
from viatique.api.callers import Marker, Reader, Unlocker
from viatique.api.parts import parts_of
from viatique.api.paths import PREFIX, CopyPath, HoldOf
from viatique.api.problems import refused
from viatique.api.shapes import ForceIn, LockIn, LockOut, LockStateOut
from viatique.steps import locks
from viatique.steps.locks import Refused

router = APIRouter(prefix=PREFIX, tags=["locks"])


@router.get("/copies/{copy_id}/lock", response_model=LockStateOut)
def lock_state(request: Request, caller: Reader, copy_id: CopyPath) -> object:
    """Whether somebody holds the copy; who, for those who may take it away."""
    lock = locks.lock_of(parts_of(request).database, copy_id)
    if lock is None:
        return LockStateOut(locked=False)
    is_mine = lock.account_id == caller.run.actor
    is_shown = is_mine or caller.may(Permission.FORCE_UNLOCK)
    return LockStateOut(
        locked=True,
        mine=is_mine,
        account=lock.account_id if is_shown else None,
        expires_at=lock.expires_at,
    )


@router.post("/copies/{copy_id}/lock", response_model=LockOut)
def acquire(request: Request, caller: Marker, copy_id: CopyPath, body: LockIn) -> object:
    """Lock a copy to mark it; the token in the answer goes with every write."""
    parts = parts_of(request)
    taken = locks.acquire(
        parts.database, caller.run, copy_id, ttl_s=parts.lock_ttl_s, take_over=body.take_over
    )
    return refused(taken, None) if isinstance(taken, Refused) else LockOut.of(taken)


@router.post("/copies/{copy_id}/lock/heartbeat", response_model=LockOut)
def heartbeat(request: Request, caller: Marker, hold: HoldOf) -> object:
    """Keep a lock for its whole time again; an expired one has to be taken anew."""
    parts = parts_of(request)
    kept = locks.heartbeat(parts.database, caller.run, hold, ttl_s=parts.lock_ttl_s)
    return refused(kept, None) if isinstance(kept, Refused) else LockOut.of(kept)


@router.delete("/copies/{copy_id}/lock", status_code=204, response_class=Response)
def release(request: Request, caller: Marker, hold: HoldOf) -> Response:
    """Give a copy back."""
    refusal = locks.release(parts_of(request).database, caller.run, hold)
    return refused(refusal, None) if refusal else Response(status_code=204)


@router.post("/copies/{copy_id}/lock/force-release", status_code=204, response_class=Response)
def force_release(request: Request, caller: Unlocker, copy_id: CopyPath, body: ForceIn) -> Response:
    """Take a copy from whoever holds it, with a reason that the audit trail keeps."""
    refusal = locks.force_release(parts_of(request).database, caller.run, copy_id, body.reason)
    return refused(refusal, None) if refusal else Response(status_code=204)

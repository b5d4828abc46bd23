/** The actor of a core that keeps the shared document. */
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Core } from "../core/core.ts";
import { RoomDetector } from "../detectors/room/detector.ts";

/** Said of an actor that failed too often; its document stays as it was. */
export const ROOM_STOPPED = "the room was stopped";

/** Null when it was stopped. */
export function roomIn(core: Core): RoomDetector | null {
  const room = core.detectorOf("room");
  return room instanceof RoomDetector ? room : null;
}

/** Throws when it was stopped. */
export function roomOf(core: Core): RoomDetector {
  const room = roomIn(core);
  if (room !== null) return room;
  throw new EigenwatchError({ action: "edit", value: ROOM_STOPPED, kind: "unavailable" });
}

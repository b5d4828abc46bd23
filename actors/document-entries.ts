/** The entries of the shared document that a core keeps, as people see them. */
import type { DocumentEntries } from "../protocol/controls.ts";
import { ROOT_NAMES } from "../protocol/room-document.ts";
import type { Core } from "./core/core.ts";
import { RoomDetector } from "./detectors/room/detector.ts";

/** Of a log that nobody edited: roots without entries. */
export function documentEntries(core: Core): DocumentEntries {
  const room = core.detectorOf("room");
  if (!(room instanceof RoomDetector)) return {};
  const { document } = room;
  return Object.fromEntries(
    ROOT_NAMES.map((root) => [
      root,
      Object.fromEntries(document.keys(root).map((key) => [key, document.entry(root, key)])),
    ]),
  );
}

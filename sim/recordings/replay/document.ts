/** The shared document of a recorded session. */
import {
  coreAt,
  documentEntries,
  openRecording,
  type Place,
  recordedPartitions,
  SYSTEM,
} from "../../../actors/mod.ts";
import type { RecordedDocument } from "../../../protocol/controls.ts";
import { ROOM_PARTITION } from "../../../protocol/room-document.ts";

/**
 * As it was at the end of the recording: a note about a moment may have been written long after it. Or before a place of the document's log. Without
 * entries where nobody came.
 */
export async function recordedDocument(
  recording: string,
  before: Place | "latest" = "latest",
): Promise<RecordedDocument> {
  const partitions = await recordedPartitions(recording);
  if (partitions.every(({ partition }) => partition !== ROOM_PARTITION)) return { entries: {} };
  const journal = await openRecording(recording, { partition: ROOM_PARTITION });
  try {
    return { entries: documentEntries((await coreAt(journal, SYSTEM, before)).core) };
  } finally {
    await journal.close();
  }
}

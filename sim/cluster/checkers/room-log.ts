/**
 * The shared document as its log on the servers makes it, while it grows. A replay of the room's own actor: nothing of what nodes or pages hold.
 *
 *   stored blocks ─► admitted (admitted-log.ts) ─► room ─► document, and the texts that it had of late
 */
import { Core, SILENT } from "../../../actors/core/mod.ts";
import { type RoomDocument, roomIn, SYSTEM } from "../../../actors/mod.ts";
import { decodeMessage, isFrame } from "../../../protocol/codec.ts";
import type { Input } from "../../../protocol/messages.ts";
import { ROOM_PARTITION } from "../../../protocol/room-document.ts";
import type { StoredLogs } from "./admitted-log.ts";
import { documentText } from "./document-text.ts";

/** Texts that are older than this are forgotten, but for the last of them. */
const KEPT_US = 10_000_000;

export class RoomLog {
  private readonly stored: StoredLogs;
  private readonly core = new Core({ group: [], session: SYSTEM.session }, SILENT);
  private blocks = 0;
  private texts: { readonly sinceUs: number; readonly text: string }[] = [];

  constructor(stored: StoredLogs) {
    this.stored = stored;
  }

  /** The document after all that is stored; null where there is none, or servers forgot a part of it. */
  document(): RoomDocument | null {
    const log = this.stored.of(ROOM_PARTITION);
    if (log === null || this.stored.lossy.has(ROOM_PARTITION)) return null;
    for (; this.blocks < log.blocks.length; this.blocks++)
      log.blocks[this.blocks]!.block.forEach((sequence, timeUs, bytes) => {
        if (!isFrame(bytes)) this.core.apply(sequence, timeUs, decodeMessage(bytes) as Input);
      });
    return roomIn(this.core)?.document ?? null;
  }

  /** Notes what the document is now. */
  note(atUs: number): void {
    const document = this.document();
    if (document === null) return;
    const text = documentText(document.doc);
    if (this.texts.at(-1)?.text === text) return;
    this.texts.push({ sinceUs: atUs, text });
    while (this.texts.length > 1 && this.texts[1]!.sinceUs < atUs - KEPT_US) this.texts.shift();
  }

  /** Whether the document was so at some time between these two. */
  wasSo(text: string, fromUs: number, untilUs: number): boolean {
    return this.texts.some(
      (each, k) =>
        each.text === text && each.sinceUs <= untilUs && (this.texts[k + 1]?.sinceUs ?? untilUs) >= fromUs,
    );
  }
}

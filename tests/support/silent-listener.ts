/** A listener of a session that does nothing, to be widened by what a test wants to hear. */
import type { SessionListener } from "../../actors/ports/session.ts";

const NOTHING = () => {};

export const SILENT: SessionListener = {
  frame: NOTHING,
  event: NOTHING,
  state: NOTHING,
  metrics: NOTHING,
  channels: NOTHING,
  flush: NOTHING,
};

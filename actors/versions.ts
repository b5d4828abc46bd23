/**
 * What may change the bits of a run: a recording names these versions, so that a replay that differs can say why.
 * The special functions are pinned exactly: one changed last bit would break old recordings.
 */
import manifest from "../package.json" with { type: "json" };
import { PROTOCOL_VERSION } from "../protocol/versions.ts";

export const VERSION = manifest.version;

export const VERSIONS: Record<string, string> = {
  eigenwatch: VERSION,
  protocol: String(PROTOCOL_VERSION),
  ...Object.fromEntries(
    Object.entries(manifest.dependencies).filter(
      ([name]) => name.startsWith("@stdlib/") || name === "xstate",
    ),
  ),
};

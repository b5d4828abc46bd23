/** A shared document as one text: the same for the same entries, whatever it took to make them. */
import type * as Y from "yjs";
import { ROOT_NAMES } from "../../../protocol/room-document.ts";

export function documentText(doc: Y.Doc): string {
  return JSON.stringify(
    ROOT_NAMES.map((root) => {
      const json = doc.getMap(root).toJSON() as Record<string, unknown>;
      return Object.keys(json)
        .sort()
        .map((key) => [key, ordered(json[key])]);
    }),
  );
}

/** With the keys of all objects in one order. */
export function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, ordered(each)]);
}

/**
 * `--set path=value`, `--seed N`: settings as they are to be from the point on.
 *
 * They are changed as a person would do it, by `configChanged` in the log, and what the session was opened with later (restarts) is
 * changed as well. A change that somebody made later stays in the log, and counts from there on.
 */
import type { Input } from "../../../protocol/messages.ts";
import { applySetting, parseSettings, type Settings } from "../../../protocol/settings.ts";
import type { InputRewriter, Insert } from "./input-rewriter.ts";

export const AUTHOR = "what-if";

type Value = string | number | boolean;

export interface SettingChange {
  path: string;
  value: Value;
}

/** Reads each value as its setting's type. Throws for an unknown path or an invalid value. */
export function settingChanges(
  settings: Settings,
  set: Record<string, Value>,
  seed: number | undefined,
): SettingChange[] {
  const expected = { ...set, ...(seed === undefined ? {} : { seed }) };
  let changed = settings;
  const changes = Object.entries(expected).map(([path, text]) => {
    changed = applySetting(changed, path, text);
    return { path, value: valueAt(changed, path) };
  });
  return changes;
}

/** `opened`: false when the branch begins before the session was opened, so that there is nothing to change yet. */
export function setSettings(changes: readonly SettingChange[], atUs: number, opened: boolean): InputRewriter {
  let due = opened;
  return {
    before(_timeUs: number, _input: Input, insert: Insert) {
      if (!due) return;
      due = false;
      for (const { path, value } of changes)
        insert(atUs, { type: "configChanged", path, value, author: AUTHOR });
    },
    change(input) {
      if (input.type !== "sessionOpened") return input;
      let settings = parseSettings(input.settings);
      for (const { path, value } of changes) settings = applySetting(settings, path, value);
      return {
        ...input,
        seed: settings.seed,
        settings: settings as unknown as Record<string, unknown>,
      };
    },
  };
}

function valueAt(settings: Settings, path: string): Value {
  let value: unknown = settings;
  for (const key of path.split(".")) value = (value as Record<string, unknown>)[key];
  return value as Value;
}

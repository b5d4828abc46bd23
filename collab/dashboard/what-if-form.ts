/** The question what would have happened, as a person fills it in, and as it is asked. Kept while the window is closed. */
import { signal } from "@preact/signals";
import { settingPaths } from "../../protocol/settings.ts";

export interface WhatIfForm {
  /** Local date and time to the millisecond, as its field has it. */
  at: string;
  set: readonly { path: string; value: string }[];
  /** As group/name. */
  drop: readonly string[];
  scenario: string;
  strength: number;
  group: string;
}

export const EMPTY_FORM: WhatIfForm = {
  at: "",
  set: [{ path: "", value: "" }],
  drop: [],
  scenario: "",
  strength: 1,
  group: "",
};

export const form = signal<WhatIfForm>(EMPTY_FORM);

export const PATHS = settingPaths();

/** What the gateway is asked. Throws with what is missing. */
export function requestOf({ at, set, drop, scenario, strength, group }: WhatIfForm): object {
  const atUs = Math.round(new Date(at).getTime() * 1000);
  if (Number.isNaN(atUs)) throw new Error("Choose the moment from which things are different.");
  const settings = set.filter(({ path }) => path.trim() !== "");
  if (settings.length === 0 && drop.length === 0 && scenario === "")
    throw new Error("Choose something that is different: a setting, a silent channel, or an injection.");
  return {
    at: atUs,
    ...(settings.length === 0
      ? {}
      : { set: Object.fromEntries(settings.map(({ path, value }) => [path.trim(), readValue(value)])) }),
    ...(drop.length === 0 ? {} : { drop }),
    ...(scenario === "" ? {} : { inject: [{ scenario, strength, ...(group === "" ? {} : { group }) }] }),
  };
}

/** For a field of local date and time. */
export function localTime(timeUs: number): string {
  const date = new Date(timeUs / 1000);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, -1);
}

/** Numbers and truth values as such, the rest as text. */
function readValue(text: string): string | number | boolean {
  const bare = text.trim();
  if (bare === "true" || bare === "false") return bare === "true";
  return bare !== "" && Number.isFinite(Number(bare)) ? Number(bare) : bare;
}

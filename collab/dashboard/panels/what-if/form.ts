/** The form of a what-if question, and the request that it becomes. The form keeps its content while the dialog is closed. */
import { signal } from "@preact/signals";
import { settingPaths } from "../../../../protocol/settings.ts";

export interface WhatIfForm {
  /** Local date and time to the millisecond, in the format of its field. */
  at: string;
  /** The same; "" for the end of the recording. */
  until: string;
  set: readonly { path: string; value: string }[];
  /** As group/name. */
  drop: readonly string[];
  scenario: string;
  strength: number;
  group: string;
}

export const EMPTY_FORM: WhatIfForm = {
  at: "",
  until: "",
  set: [{ path: "", value: "" }],
  drop: [],
  scenario: "",
  strength: 1,
  group: "",
};

export const form = signal<WhatIfForm>(EMPTY_FORM);

export const PATHS = settingPaths();

/** The request to the gateway. Throws an error that names what the form lacks. */
export function requestOf({ at, until, set, drop, scenario, strength, group }: WhatIfForm): object {
  const atUs = timeOf(at);
  const untilUs = timeOf(until);
  if (Number.isNaN(atUs)) throw new Error("Choose the moment of the branch.");
  const settings = set.filter(({ path }) => path.trim() !== "");
  if (settings.length === 0 && drop.length === 0 && scenario === "")
    throw new Error("Choose at least one change: a setting, a silenced channel, or an injection.");
  return {
    at: atUs,
    ...(Number.isNaN(untilUs) ? {} : { untilUs }),
    ...(settings.length === 0
      ? {}
      : { set: Object.fromEntries(settings.map(({ path, value }) => [path.trim(), readValue(value)])) }),
    ...(drop.length === 0 ? {} : { drop }),
    ...(scenario === "" ? {} : { inject: [{ scenario, strength, ...(group === "" ? {} : { group }) }] }),
  };
}

/** The value of a field of local date and time. */
export function localTime(timeUs: number): string {
  const date = new Date(timeUs / 1000);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, -1);
}

function timeOf(field: string): number {
  return Math.round(new Date(field).getTime() * 1000);
}

/** A number or boolean where the text is one, else the text. */
function readValue(text: string): string | number | boolean {
  const bare = text.trim();
  if (bare === "true" || bare === "false") return bare === "true";
  return bare !== "" && Number.isFinite(Number(bare)) ? Number(bare) : bare;
}

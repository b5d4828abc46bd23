/**
 * What a session enters into its log when it opens it, before anything else.
 *
 *   a new log          sessionOpened with the settings of this start
 *   a log to go on     an end for each injection that is open ─► sessionOpened with the settings in force ─► a change for each requested
 *                      setting that differs
 *
 * A session never leaves the settings of its log without a record of who changed them. An injection is not resumed: what it had learnt of the
 * data was in the process that is gone, so it could not go on as it was. Its end says so.
 */
import { INJECTION_ENDED } from "../../protocol/controls.ts";
import type { ConfigChanged, OperatorNotice, SessionOpened } from "../../protocol/messages.ts";
import { applySetting, type Settings, settingAt, settingPaths } from "../../protocol/settings.ts";
import type { Core } from "../core/core.ts";

/** A setting that a start asks for by name, and who or what asks. */
export type RequestedSetting = Omit<ConfigChanged, "type">;

export interface Opening extends Pick<SessionOpened, "session" | "partition" | "partitions" | "versions"> {
  /** All settings of this start: those of a new log. */
  readonly settings: Settings;
  /** Those among them that were asked for by name, the last of a path counts. */
  readonly requested?: readonly RequestedSetting[];
}

/** The inputs, in order. Throws when a requested setting does not go with those in force. */
export function openingInputs(
  core: Core,
  opening: Opening,
): (OperatorNotice | SessionOpened | ConfigChanged)[] {
  const { session, partition, partitions = 1, versions, requested = [] } = opening;
  const isNew = core.session === null;
  const inForce = isNew ? opening.settings : core.settings;
  return [
    ...core.openInjections().map(interrupted),
    {
      type: "sessionOpened",
      session,
      partition,
      ...(partitions > 1 ? { partitions } : {}),
      seed: inForce.seed,
      settings: inForce as unknown as Record<string, unknown>,
      versions,
    },
    ...(isNew ? [] : changes(inForce, requested)),
  ];
}

/** Settings of the log that stay in force although this start, had it begun a new log, would have others: `path=value` each. */
export function keptSettings(inForce: Settings, ofThisStart: Settings): string[] {
  return settingPaths()
    .filter((path) => settingAt(inForce, path) !== settingAt(ofThisStart, path))
    .map((path) => `${path}=${settingAt(inForce, path)}`);
}

function interrupted({
  kind: _,
  title: __,
  command: ___,
  ...begun
}: Omit<OperatorNotice, "type">): OperatorNotice {
  const { scenario = "something" } = begun.detail;
  return {
    type: "notice",
    kind: INJECTION_ENDED,
    title: `Injection of ${scenario} into ${begun.group} is over: it was interrupted with its session`,
    ...begun,
  };
}

function changes(inForce: Settings, requested: readonly RequestedSetting[]): ConfigChanged[] {
  const changed: ConfigChanged[] = [];
  for (const [path, { value, author }] of new Map(requested.map((each) => [each.path, each]))) {
    // A text of a command line becomes a value of the setting's type.
    const asked = settingAt(applySetting(inForce, path, value), path);
    if (asked !== settingAt(inForce, path))
      changed.push({ type: "configChanged", path, value: asked, author });
  }
  return changed;
}

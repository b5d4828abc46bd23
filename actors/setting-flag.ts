/** `--set path=value` of a command, applied to settings. */
import { applySetting, type Settings } from "../protocol/settings.ts";
import { asked, CommandError } from "./errors.ts";

/** The settings with one more `path=value`; `example` stands in the error for a text that is none. */
export function withSetting(settings: Settings, text: string, example: string): Settings {
  const at = text.indexOf("=");
  if (at < 1) throw new CommandError(`Cannot read --set ${text}: expected path=value, e.g. ${example}`);
  return asked(() => applySetting(settings, text.slice(0, at), text.slice(at + 1)));
}

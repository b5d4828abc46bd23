/** `eigenwatch record`: recordings from elsewhere, and for other tools. */
import { Command } from "@commander-js/extra-typings";
import { importCommand } from "../mcap/command.ts";
import { copyCommand } from "./copy-command.ts";
import { exportCommand } from "./export-command.ts";
import { followCommand } from "./follow-command.ts";

export const recordCommand = new Command("record")
  .description(
    "Records the session of a cluster, copies recordings, and converts them to files that other tools read, and back.",
  )
  .addCommand(followCommand)
  .addCommand(copyCommand)
  .addCommand(exportCommand)
  .addCommand(importCommand);

/** `eigenwatch record`: recordings from elsewhere, and for other tools. */
import { Command } from "@commander-js/extra-typings";
import { importCommand } from "../mcap/command.ts";
import { exportCommand } from "./export-command.ts";
import { followCommand } from "./follow-command.ts";

export const recordCommand = new Command("record")
  .description(
    "Records the session of a cluster, and converts recordings to files that other tools read, and back.",
  )
  .addCommand(followCommand)
  .addCommand(exportCommand)
  .addCommand(importCommand);

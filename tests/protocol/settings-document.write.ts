/** Writes docs/settings.md after the settings have changed: node --import tsx tests/protocol/settings-document.write.ts */
import { writeFileSync } from "node:fs";
import { settingsDocument } from "./settings-document.ts";

writeFileSync(new URL("../../docs/settings.md", import.meta.url), settingsDocument());

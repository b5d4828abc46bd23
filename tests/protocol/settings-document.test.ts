import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { settingsDocument } from "./settings-document.ts";

test("docs/settings.md has every setting as the schema describes it", () => {
  const document = readFileSync(new URL("../../docs/settings.md", import.meta.url), "utf8");
  assert.is(document, settingsDocument());
});

test.run();

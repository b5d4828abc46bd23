/**
 * Writes pictures.json anew. Look at the page first: these are what its charts are expected to show.
 *
 *     node --import tsx tests/browser/pictures.write.ts
 */
import { writeFileSync } from "node:fs";
import { buildDashboard, launchChromium, serveFolder } from "../support/browser.ts";
import { takePictures } from "./pictures.ts";

const server = await serveFolder(buildDashboard());
const browser = await launchChromium();
const pictures = await takePictures(browser, server.url);
writeFileSync(new URL("pictures.json", import.meta.url), `${JSON.stringify(pictures, null, 1)}\n`);
await browser.close();
await server.close();

/**
 * What the page's canvases show of the recorded session at one moment, as small pictures.
 *
 *   page with a clock that stands ─► canvases with their overlays ─► COLUMNS × ROWS mean colours each
 *
 * The clock is the test's: the recording stands at one sample, and the charts draw when the test lets time pass. So is the typeface: what
 * a machine has installed changes the width of labels, and with it where a chart begins. Means over many pixels hardly depend on the
 * smoothing of edges.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";

/** A cell of a chart is about 14 pixels wide. */
const COLUMNS = 32;
const ROWS = 20;
/** The charts draw at least ten times in this time. */
const DRAWING_MS = 2_000;
const require = createRequire(import.meta.url);
/** Any fixed time will do: the recorded session has its own. */
const NOW = new Date("2026-01-05T00:00:00Z");

/** Rows of cells, each six hexadecimal digits (red, green, blue). */
export type Picture = readonly string[];

/** The moments of which there are pictures: what is done before they are taken. */
const MOMENTS: Record<string, { colorScheme: "dark" | "light"; act(page: Page): Promise<void> }> = {
  dark: { colorScheme: "dark", async act() {} },
  light: { colorScheme: "light", async act() {} },
  cursor: {
    colorScheme: "dark",
    async act(page) {
      // The cursor of the signals is shown in the measures too.
      await page.locator(".signals [role=application]").focus();
      for (let step = 0; step < 5; step++) await page.keyboard.press("ArrowLeft");
    },
  },
  cell: {
    colorScheme: "dark",
    async act(page) {
      await page.locator(".matrix [role=application]").focus();
      for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
    },
  },
  past: {
    colorScheme: "dark",
    async act(page) {
      for (const key of ["-", "-", "-", "ArrowLeft", "m"]) await page.locator("body").press(key);
    },
  },
};

/** All pictures, by "moment/panel/canvas". */
export async function takePictures(browser: Browser, url: string): Promise<Record<string, Picture>> {
  const pictures: Record<string, Picture> = {};
  for (const [moment, { colorScheme, act }] of Object.entries(MOMENTS)) {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      colorScheme,
      // For the typeface.
      bypassCSP: true,
    });
    const page = await context.newPage();
    await page.clock.install({ time: NOW });
    await page.clock.pauseAt(NOW.getTime() + 1000);
    await page.goto(`${url}?demo`);
    await page.waitForSelector(".channel");
    await useTypeface(page);
    await canvasesSeen(page);
    await page.clock.runFor(DRAWING_MS);
    await act(page);
    // The recording stops, so that charts that draw seldom show the same moment as the others.
    await page.evaluate(() => dispatchEvent(new Event("pagehide")));
    await page.clock.runFor(DRAWING_MS);
    for (const [name, picture] of Object.entries(await canvasesOf(page)))
      pictures[`${moment}/${name}`] = picture;
    await context.close();
  }
  return pictures;
}

/** Where a picture differs from what is expected by more than `most` of 255 in a colour, as "row 3, column 4". */
export function differences(found: Picture, expected: Picture, most: number): string[] {
  const places: string[] = [];
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const [one, other] = [found, expected].map((picture) => coloursAt(picture, row, column)) as [
        number[],
        number[],
      ];
      if (one.some((colour, k) => !(Math.abs(colour - other[k]!) <= most)))
        places.push(`row ${row}, column ${column}: ${one.join(" ")}, not ${other.join(" ")}`);
    }
  }
  return places;
}

function coloursAt(picture: Picture, row: number, column: number): number[] {
  const cell = picture[row]?.slice(6 * column, 6 * column + 6) ?? "";
  return [0, 2, 4].map((at) => Number.parseInt(cell.slice(at, at + 2), 16));
}

/** The page in the test's typeface, before anything is drawn. */
async function useTypeface(page: Page): Promise<void> {
  const faces = [400, 600].map((weight) => {
    const data = readFileSync(require.resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`));
    const url = `data:font/woff2;base64,${data.toString("base64")}`;
    return `@font-face { font-family: Test; font-weight: ${weight}; src: url(${url}); }`;
  });
  await page.addStyleTag({ content: `${faces.join("\n")} body { font-family: Test; }` });
  await page.evaluate(() =>
    Promise.all([400, 600].map((weight) => document.fonts.load(`${weight} 11px Test`))),
  );
}

/** Waits until the browser has reported every canvas as visible: charts that are not do not draw, and no clock decides when. */
function canvasesSeen(page: Page): Promise<void> {
  return page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const unseen = new Set<Element>(document.querySelectorAll("canvas"));
        const observer = new IntersectionObserver((entries) => {
          for (const { target } of entries) unseen.delete(target);
          if (unseen.size === 0) resolve();
        });
        for (const canvas of unseen) observer.observe(canvas);
      }),
  );
}

async function canvasesOf(page: Page): Promise<Record<string, Picture>> {
  const canvases = await page.evaluate(
    ([columns, rows]) =>
      // Runs in the page, and has no named function: tsx gives those a helper that the page lacks.
      [...document.querySelectorAll<HTMLCanvasElement>("canvas:not(.over)")].map((base) => {
        const { width, height, parentElement: box } = base;
        const layers = box?.matches(".chart-box") ? [...box.querySelectorAll("canvas")] : [base];
        const whole = new OffscreenCanvas(width, height).getContext("2d")!;
        for (const layer of layers) whole.drawImage(layer, 0, 0);
        const { data } = whole.getImageData(0, 0, width, height);
        const sums = new Float64Array(3 * columns * rows);
        const pixels = new Float64Array(columns * rows);
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const cell = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
            const at = 4 * (y * width + x);
            pixels[cell]! += 1;
            for (let k = 0; k < 3; k++) sums[3 * cell + k]! += (data[at + k]! * data[at + 3]!) / 255;
          }
        }
        const name = `${base.closest("section")?.classList[1] ?? "page"}/${base.className || box?.className}`;
        return { name, colours: Array.from(sums, (sum, k) => sum / (pixels[Math.floor(k / 3)]! || 1)) };
      }),
    [COLUMNS, ROWS] as const,
  );
  return Object.fromEntries(canvases.map(({ name, colours }) => [name, pictureOf(colours)]));
}

/** `colours`: red, green and blue of each cell, row by row. Cells between the pixels of a small canvas are black. */
function pictureOf(colours: readonly number[]): Picture {
  const digits = colours.map((colour) => Math.round(colour).toString(16).padStart(2, "0"));
  return Array.from({ length: ROWS }, (_, row) =>
    digits.slice(3 * COLUMNS * row, 3 * COLUMNS * (row + 1)).join(""),
  );
}

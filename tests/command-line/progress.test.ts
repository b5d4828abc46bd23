import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Progress, startProgress } from "../../actors/command-line/progress.ts";

/** What is drawn on a terminal: stderr takes the part of one. */
function drawnBy(total: number, act: (progress: Progress, drawn: () => string) => void): void {
  const { stderr } = process;
  const { write, isTTY } = stderr;
  let text = "";
  stderr.write = ((chunk: string | Uint8Array) => {
    text += String(chunk);
    return true;
  }) as typeof stderr.write;
  stderr.isTTY = true;
  const progress = startProgress("read", total, "rows", false);
  try {
    act(progress, () => text);
  } finally {
    progress.stop();
    stderr.write = write;
    stderr.isTTY = isTTY;
  }
}

test("progress is drawn with the first value, which may be far into the work", () => {
  drawnBy(10, (progress, drawn) => {
    assert.is(drawn(), "");
    progress.update(4);
    assert.match(drawn(), /read .* 40% \| 4\/10 rows/);
  });
});

test("progress is drawn when its total is known, not before", () => {
  drawnBy(0, (progress, drawn) => {
    progress.update(3);
    assert.is(drawn(), "");
    progress.update(5, 20, " of the second file");
    assert.match(drawn(), /25% \| 5\/20 rows .* of the second file/);
  });
});

test.run();

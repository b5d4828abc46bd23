import { test } from "uvu";
import * as assert from "uvu/assert";
import { fitting } from "../../collab/charts/text.ts";

/** Ten pixels a character. */
const context = {
  measureText: (text: string) => ({ width: 10 * text.length }),
} as unknown as CanvasRenderingContext2D;

test("a name that fits stands as it is, a longer one ends in an ellipsis within the width", () => {
  assert.is(fitting(context, "pressure", 80), "pressure");
  assert.is(fitting(context, "pressure", 79), "pressu…");
  assert.is(fitting(context, "x".repeat(500), 220).length, 22);
});

test.run();

// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SvgBrush } from "../../collab/charts/svg-brush.ts";

/** Every character is six px wide. */
const measures = { font: "", measureText: (text: string) => ({ width: 6 * text.length }) as TextMetrics };

test("what is drawn becomes elements in its order, with its colour and opacity", () => {
  const brush = new SvgBrush(measures);
  brush.fillStyle = "#123456";
  brush.fillRect(10.126, 20, -4, 1);
  brush.strokeStyle = "red";
  brush.globalAlpha = 0.5;
  brush.beginPath();
  brush.moveTo(0, 1);
  brush.lineTo(2.005, 3);
  brush.stroke();
  const [, rect, path] = brush.document(100, 50).split("\n");
  assert.is(rect, '<rect x="6.13" y="20" width="4" height="1" fill="#123456"/>');
  assert.match(path!, /d="M0 1L2(\.01)? 3" fill="none" stroke="red".* opacity="0\.5"/);
  assert.match(
    brush.document(100, 50),
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="100" height="50"/,
  );
});

test("an open candle is the outline of a rectangle", () => {
  const brush = new SvgBrush(measures);
  brush.strokeStyle = "green";
  brush.strokeRect(1, 2, 3, 4);
  assert.match(brush.document(9, 9), /<path d="M1 2h3v4h-3Z" fill="none" stroke="green"/);
});

test("a clip holds until it is restored, also where none follows", () => {
  const brush = new SvgBrush(measures);
  brush.save();
  brush.lineWidth = 3;
  brush.beginPath();
  brush.rect(0, 0, 5, 5);
  brush.clip();
  brush.fillRect(1, 1, 1, 1);
  brush.restore();
  assert.is(brush.lineWidth, 1);
  brush.fillRect(2, 2, 1, 1);
  const [, clip, inside, end, outside] = brush.document(9, 9).split("\n");
  assert.match(
    clip!,
    /<clipPath id="clip1"><path d="M0 0h5v5h-5Z"\/><\/clipPath><g clip-path="url\(#clip1\)">/,
  );
  assert.match(inside!, /x="1"/);
  assert.is(end, "</g>");
  assert.match(outside!, /x="2"/);
  brush.clip();
  const text = brush.document(9, 9);
  assert.is(text.split("<g ").length, text.split("</g>").length);
});

test("a name from outside is text, and text has the font and place of the canvas", () => {
  const brush = new SvgBrush(measures);
  brush.font = '600 11px "Inter", sans-serif';
  brush.textAlign = "right";
  brush.textBaseline = "middle";
  brush.fillText('<script>"&', 4, 5);
  const [, text] = brush.document(9, 9).split("\n");
  assert.ok(text!.includes(">&lt;script&gt;&quot;&amp;</text>"), text);
  assert.ok(
    text!.includes('font-family="&quot;Inter&quot;, sans-serif" font-size="11" font-weight="600"'),
    text,
  );
  assert.ok(text!.includes('text-anchor="end" dominant-baseline="central"'), text);
  assert.is(brush.measureText("four").width, 24);
  assert.is(measures.font, brush.font);
});

test.run();
